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
        var after = new EntryKey(0, 0);
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
    public static async IAsyncEnumerable<IdWindow> TransactionsAsync(
        PacedSession session, [EnumeratorCancellation] CancellationToken cancel)
    {
        var after = Guid.Empty;
        while (true)
        {
            var end = await session.FindAsync<Guid?>(
                TransactionsEndSql, new { after, offset = Transactions - 1 }, cancel);
            yield return new IdWindow(after, end ?? Guid.AllBitsSet);
            if (end is not { } next)
            {
                yield break;
            }

            after = next;
        }
    }

    /// <summary>A statement that stands in a file of its own beside the code.</summary>
    public static string Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
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
            (SELECT id FROM ledger_transactions WHERE id > @after ORDER BY id OFFSET @offset LIMIT 1),
            (SELECT id FROM payments WHERE id > @after ORDER BY id OFFSET @offset LIMIT 1),
            (SELECT id FROM refunds WHERE id > @after ORDER BY id OFFSET @offset LIMIT 1)
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

/// <summary>Ids after the first and up to the last.</summary>
internal sealed record IdWindow(Guid After, Guid UpTo);
