using System.Security.Cryptography;

namespace Payments.Ledger.Webhooks;

/// <summary>The key that a target and this system share: random bytes, shown as <c>whsec_</c> and base64.</summary>
public static class WebhookSecret
{
    private const string Prefix = "whsec_";
    private const int Shortest = 24;
    private const int Longest = 64;
    private const int Generated = 32;

    public static byte[] Generate() => RandomNumberGenerator.GetBytes(Generated);

    /// <summary>The secret as it is shown, once.</summary>
    public static string Show(ReadOnlySpan<byte> secret) => Prefix + Convert.ToBase64String(secret);

    /// <summary>Reads a secret as it is shown: <c>whsec_</c> and the base64 of 24 to 64 bytes.</summary>
    public static bool TryParse(string text, out byte[] secret)
    {
        ArgumentNullException.ThrowIfNull(text);
        secret = new byte[Longest];
        if (!text.StartsWith(Prefix, StringComparison.Ordinal)
            || !Convert.TryFromBase64String(text[Prefix.Length..], secret, out var length)
            || length < Shortest)
        {
            secret = [];
            return false;
        }

        secret = secret[..length];
        return true;
    }
}
