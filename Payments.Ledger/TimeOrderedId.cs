using System.Buffers.Binary;

namespace Payments.Ledger;

/// <summary>Ids of rows that are listed, or walked through, in the order of their making.</summary>
public static class TimeOrderedId
{
    private const int PartsOfMillisecond = 4_096;

    /// <summary>
    /// A UUID of version 7 whose order is that of time to a quarter of a microsecond: its first random bits tell the
    /// part of the millisecond (RFC 9562, section 6.2, method 3). With milliseconds alone, what one caller does twice
    /// in one of them would be listed in any order.
    /// </summary>
    public static Guid New(DateTimeOffset time)
    {
        Span<byte> bytes = stackalloc byte[16];
        Guid.CreateVersion7(time).TryWriteBytes(bytes, bigEndian: true, out _);
        var part = time.Ticks % TimeSpan.TicksPerMillisecond * PartsOfMillisecond / TimeSpan.TicksPerMillisecond;
        BinaryPrimitives.WriteUInt16BigEndian(bytes[6..], (ushort)(0x7000 | part));
        return new Guid(bytes, bigEndian: true);
    }
}
