using System.Buffers.Binary;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Recon.Worker.Reconciliation.Checks;

/// <summary>Windows over the books by their keys, so that no statement of a check reads more than a part.</summary>
internal static class BookWindows
{
    /// <summary>Entries that one statement looks at.</summary>
    public const int Entries = 20_000;

    /// <summary>Transactions, payments or refunds that one statement looks at.</summary>
    public const int Transactions = 5_000;

    /// <summary>Windows over all entries, in the order of their key.</summary>
    public static async IAsyncEnumerable<EntryWindow> EntriesAsync(
        PacedSession session, [EnumeratorCancellation] CancellationToken cancel)
    {
        // Below zero too: no account has such an id, but a wrong entry may.
        var after = new EntryKey(long.MinValue, long.MinValue);
        while (true)
        {
            var end = await session.FindAsync<EntryKey>(
                EntriesEndSql, new { after.Account, after.Position, offset = Entries - 1 }, cancel);
            yield return new EntryWindow(after, end ?? EntryKey.Last);
            if (end is not { } next)
            {
                yield break;
            }

            after = next;
        }
    }

    /// <summary>
    /// Windows over the ids of transactions and of what they settle: each holds so many of each of them, at most.
    /// </summary>
    public static IAsyncEnumerable<IdWindow> TransactionsAsync(PacedSession session, CancellationToken cancel) =>
        IdsAsync(session, TransactionsEndSql, Transactions, cancel);

    /// <summary>Windows over ids, from the very first that there can be.</summary>
    /// <param name="endSql">Finds the last id of a window from <c>@from</c> on.</param>
    public static async IAsyncEnumerable<IdWindow> IdsAsync(
        PacedSession session, string endSql, int size, [EnumeratorCancellation] CancellationToken cancel)
    {
        var from = Guid.Empty;
        while (true)
        {
            var end = await session.FindAsync<Guid?>(endSql, new { from, offset = size - 1 }, cancel);
            yield return new IdWindow(from, end ?? Guid.AllBitsSet);
            if (end is not { } last || last == Guid.AllBitsSet)
            {
                yield break;
            }

            from = After(last);
        }
    }

    /// <summary>A statement that stands in a file of its own beside the code.</summary>
    public static string Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static Guid After(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        BinaryPrimitives.WriteUInt128BigEndian(bytes, BinaryPrimitives.ReadUInt128BigEndian(bytes) + 1);
        return new Guid(bytes, bigEndian: true);
    }

    private const string EntriesEndSql = """
        SELECT account_id AS account, position
        FROM ledger_entries
        WHERE (account_id, position) > (@account, @position)
        ORDER BY account_id, position
        OFFSET @offset LIMIT 1
        """;

    private const string TransactionsEndSql = """
        SELECT least(
            (SELECT id FROM ledger_transactions WHERE id >= @from ORDER BY id OFFSET @offset LIMIT 1),
            (SELECT id FROM payments WHERE id >= @from ORDER BY id OFFSET @offset LIMIT 1),
            (SELECT id FROM refunds WHERE id >= @from ORDER BY id OFFSET @offset LIMIT 1)
        )
        """;
}

/// <summary>The key of an entry; columns in this order.</summary>
internal sealed record EntryKey(long Account, long Position)
{
    public static EntryKey Last { get; } = new(long.MaxValue, long.MaxValue);
}

/// <summary>Entries after the first key and up to the last.</summary>
internal sealed record EntryWindow(EntryKey After, EntryKey UpTo);

/// <summary>Ids from the first to the last, both of them included.</summary>
internal sealed record IdWindow(Guid From, Guid UpTo);
