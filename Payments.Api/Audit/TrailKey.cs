using System.Buffers.Binary;

namespace Payments.Api.Audit;

/// <summary>The three records that an account's trail is made of, in the order of one moment.</summary>
internal enum TrailSource
{
    /// <summary>An audit event; its id begins with its time.</summary>
    Event,

    /// <summary>A payment, at its creation; its id begins with its time.</summary>
    Payment,

    /// <summary>A ledger entry; its time never goes back along the account's positions.</summary>
    Entry,
}

/// <summary>
/// The place of an item in an account's trail: its millisecond, then its source, then its id or position. Each source
/// can be read in this order by an index of its own.
/// </summary>
internal sealed record TrailKey(long Milliseconds, TrailSource Source, Guid Id, long Position)
{
    /// <summary>Oldest first.</summary>
    public static IComparer<TrailKey> Order { get; } = Comparer<TrailKey>.Create(Compare);

    public static TrailKey OfEvent(Guid id) => new(MillisecondsOf(id), TrailSource.Event, id, 0);

    public static TrailKey OfPayment(Guid id) => new(MillisecondsOf(id), TrailSource.Payment, id, 0);

    public static TrailKey OfEntry(DateTimeOffset at, long position) =>
        new(at.ToUnixTimeMilliseconds(), TrailSource.Entry, Guid.Empty, position);

    public DateTimeOffset Time => DateTimeOffset.FromUnixTimeMilliseconds(Milliseconds);

    /// <summary>The id that parts a source's older items from its newer ones, as seen from this item.</summary>
    public Guid BoundFor(TrailSource source) =>
        source == Source ? Id : FirstIdOf(source < Source ? Milliseconds + 1 : Milliseconds);

    private static int Compare(TrailKey left, TrailKey right)
    {
        var order = left.Milliseconds.CompareTo(right.Milliseconds);
        order = order == 0 ? left.Source.CompareTo(right.Source) : order;
        order = order == 0 ? left.Id.CompareTo(right.Id) : order;
        return order == 0 ? left.Position.CompareTo(right.Position) : order;
    }

    // Version 7 of a UUID begins with 48 bits of milliseconds.
    private static long MillisecondsOf(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return BinaryPrimitives.ReadInt64BigEndian(bytes) >>> 16;
    }

    private static Guid FirstIdOf(long milliseconds)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        BinaryPrimitives.WriteInt64BigEndian(bytes, milliseconds << 16);
        return new Guid(bytes, bigEndian: true);
    }
}
