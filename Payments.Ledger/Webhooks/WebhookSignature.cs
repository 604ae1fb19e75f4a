using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Payments.Ledger.Webhooks;

/// <summary>
/// Signs messages as Standard Webhooks 1.0.0 says: HMAC-SHA256 over <c>id.timestamp.body</c>, one signature for each
/// secret that is good now. https://www.standardwebhooks.com
/// </summary>
public static class WebhookSignature
{
    /// <param name="unixSeconds">Of this attempt.</param>
    /// <returns>The header <c>webhook-signature</c>.</returns>
    public static string Of(
        string messageId, long unixSeconds, ReadOnlySpan<byte> body, IEnumerable<byte[]> secrets)
    {
        ArgumentNullException.ThrowIfNull(secrets);
        var head = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{messageId}.{unixSeconds}."));
        byte[] content = [.. head, .. body];
        return string.Join(
            ' ', secrets.Select(secret => "v1," + Convert.ToBase64String(HMACSHA256.HashData(secret, content))));
    }
}
