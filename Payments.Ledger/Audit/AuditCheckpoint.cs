using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json.Serialization;

namespace Payments.Ledger.Audit;

/// <summary>
/// The links of a part of the chain as they were when it was signed. With every link, and not the last alone, a
/// rewritten chain is told from the signed one at the first event that differs.
/// </summary>
/// <param name="From">The first sequence covered; the checkpoint before ends just before it.</param>
/// <param name="Sequence">The last sequence covered.</param>
/// <param name="Links">The hashes of all of them, one after another.</param>
public sealed record AuditCheckpoint(long From, long Sequence, DateTimeOffset At, byte[] Links, byte[] Signature)
{
    [JsonIgnore]
    public long Count => Sequence - From + 1;

    /// <summary>The hash of the last link.</summary>
    [JsonIgnore]
    public ReadOnlySpan<byte> Head => LinkAt(Sequence);

    public static AuditCheckpoint Sign(long from, DateTimeOffset at, byte[] links, ECDsa key)
    {
        var sequence = from + (links.Length / SHA256.HashSizeInBytes) - 1;
        var signature = key.SignData(SignedContent(from, sequence, at, links), HashAlgorithmName.SHA256);
        return new(from, sequence, at, links, signature);
    }

    /// <summary>Whether it is whole and the key's owner signed it.</summary>
    public bool IsGood(ECDsa key) =>
        From > 0
        && Count > 0
        && Links.Length == Count * SHA256.HashSizeInBytes
        && key.VerifyData(SignedContent(From, Sequence, At, Links), Signature, HashAlgorithmName.SHA256);

    public bool Covers(long sequence) => sequence >= From && sequence <= Sequence;

    public ReadOnlySpan<byte> LinkAt(long sequence) =>
        Links.AsSpan((int)(sequence - From) * SHA256.HashSizeInBytes, SHA256.HashSizeInBytes);

    private static byte[] SignedContent(long from, long sequence, DateTimeOffset at, byte[] links)
    {
        var title = "payments-audit-checkpoint-1"u8;
        var content = new byte[title.Length + (3 * sizeof(long)) + links.Length];
        title.CopyTo(content);
        var numbers = content.AsSpan(title.Length);
        BinaryPrimitives.WriteInt64BigEndian(numbers, from);
        BinaryPrimitives.WriteInt64BigEndian(numbers[8..], sequence);
        BinaryPrimitives.WriteInt64BigEndian(numbers[16..], AuditHash.Microseconds(at));
        links.CopyTo(numbers[24..]);
        return content;
    }
}
