using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Payments.Ledger.Audit;

/// <summary>
/// The hashes of the chain. They are computed from what the database gives back, never from what was sent to it, so
/// that sealing and verification see the same.
/// </summary>
internal static class AuditHash
{
    /// <summary>What stands before the first link.</summary>
    public static readonly byte[] Beginning = new byte[SHA256.HashSizeInBytes];

    // A value without one, which no length can be mistaken for.
    private const int Absent = -1;

    /// <summary>Of an event alone: every column after its length, so that no two events read alike.</summary>
    public static byte[] Of(AuditRow row)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, "payments-audit-event-1");
        Append(hash, row.Id);
        Append(hash, Microseconds(row.CreatedAt));
        Append(hash, row.TraceId);
        Append(hash, row.KeyId);
        Append(hash, row.Actor);
        Append(hash, row.Action);
        Append(hash, row.ObjectType);
        Append(hash, row.ObjectId);
        Append(hash, row.Outcome);
        Append(hash, row.Account);
        Append(hash, row.OtherAccount);
        Append(hash, row.Currency);
        Append(hash, row.Details);
        return hash.GetHashAndReset();
    }

    /// <summary>Of an event at its place in the chain.</summary>
    public static byte[] Link(ReadOnlySpan<byte> before, long sequence, ReadOnlySpan<byte> eventHash)
    {
        Span<byte> link = stackalloc byte[SHA256.HashSizeInBytes + sizeof(long) + SHA256.HashSizeInBytes];
        before.CopyTo(link);
        BinaryPrimitives.WriteInt64BigEndian(link[SHA256.HashSizeInBytes..], sequence);
        eventHash.CopyTo(link[(SHA256.HashSizeInBytes + sizeof(long))..]);
        return SHA256.HashData(link);
    }

    public static long Microseconds(DateTimeOffset time) =>
        (time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;

    private static void Append(IncrementalHash hash, string? text)
    {
        var bytes = text is null ? [] : Encoding.UTF8.GetBytes(text);
        Append(hash, text is null ? Absent : bytes.Length);
        hash.AppendData(bytes);
    }

    private static void Append(IncrementalHash hash, Guid? id)
    {
        var bytes = id?.ToByteArray(bigEndian: true) ?? [];
        Append(hash, id is null ? Absent : bytes.Length);
        hash.AppendData(bytes);
    }

    private static void Append(IncrementalHash hash, long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        hash.AppendData(bytes);
    }
}

/// <summary>An event as it is stored; columns in this order.</summary>
internal sealed record AuditRow(
    Guid Id, DateTimeOffset CreatedAt, Guid? TraceId, Guid? KeyId, string Actor, string Action, string ObjectType,
    string ObjectId, string Outcome, string? Account, string? OtherAccount, string? Currency, string Details)
{
    /// <summary>
    /// What is selected of <c>audit_events AS e</c>, for the seal and for its proof alike. The server counts further
    /// than a time here does: such an event is sealed, and proven, at the nearest time that can be read, and keeps
    /// nothing that follows it from either.
    /// </summary>
    public const string Columns = """
        e.id, least(greatest(e.created_at, '0001-01-01 00:00:00Z'), '9999-12-31 23:59:59.999999Z') AS created_at,
        e.trace_id, e.key_id, e.actor, e.action, e.object_type, e.object_id, e.outcome,
        e.account, e.other_account, e.currency, e.details::text AS details
        """;
}
