using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Payments.Api.Keys;

/// <summary>What an API key looks like, and all that is kept of it.</summary>
internal static class KeyText
{
    // Found by scanners that look for secrets where none should be.
    private const string Prefix = "pay_";

    private const int RandomBytes = 32;

    public static string Create() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes));

    public static byte[] HashOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
