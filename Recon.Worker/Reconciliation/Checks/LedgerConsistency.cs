using System.Runtime.CompilerServices;
using Npgsql;
using Payments.Ledger;

namespace Recon.Worker.Reconciliation.Checks;

/// <summary>
/// The ledger in itself and against payments and refunds, exactly: every transaction has the entries that it lists, and
/// they sum to zero; every entry is on its transaction's list; positions, running balances and times follow each other;
/// what is settled was posted once, between the right accounts and over the right amount, and nothing else was.
/// </summary>
internal sealed class LedgerConsistency(CheckPace pace, TimeProvider clock) : IReconciliationCheck
{
    private static readonly string SumSql = BookWindows.Read("EntrySums.sql");
    private static readonly string SuspectTransactionsSql = BookWindows.Read("SuspectTransactions.sql");
    private static readonly string TransactionDetailsSql = BookWindows.Read("TransactionDetails.sql");
    private static readonly string SuspectEntriesSql = BookWindows.Read("SuspectEntries.sql");

    public string CheckType => Payments.Ledger.Reconciliation.CheckType.LedgerConsistency;

    // Each window is right or wrong in itself. Only what is counted over all windows has to be of one moment, and that
    // is told by who wrote it.
    public bool NeedsOneMoment => false;

    public async Task<CheckResult> RunAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var session = await PacedSession.BeginAsync(connection, pace, clock, cancel);
        var breaks = new ConsistencyBreaks();
        var moment = await BookMoment.NowAsync(session, cancel);
        var sums = await SumAsync(session, moment, cancel);
        var matched = 0L;
        await foreach (var window in BookWindows.TransactionsAsync(session, cancel))
        {
            matched += await CheckTransactionsAsync(session, window, moment, breaks, cancel);
        }

        // Each entry that a transaction lists is one; when there are more, some belong to none.
        var entries = sums.Sum(sum => sum.Entries);
        var findings = new EntryFindings(breaks);
        await foreach (var window in BookWindows.EntriesAsync(session, cancel))
        {
            await CheckEntriesAsync(session, window, lookUp: entries != matched, findings, cancel);
        }

        breaks.Finish();
        var totals = sums.Where(sum => Currency.TryGet(sum.Currency, out _))
            .Select(sum => new CheckTotal(sum.Currency, sum.Debits, sum.Credits)).ToList();
        return breaks.List.Result(totals, entries);
    }

    /// <summary>Only these transactions, or payments and refunds, and only these windows of entries.</summary>
    /// <returns>What is wrong with them; that nothing else is, it does not say.</returns>
    public static async Task<IReadOnlyList<Break>> LookAtAsync(
        PacedSession session, IReadOnlyCollection<Guid> transactions, IEnumerable<EntryWindow> windows,
        CancellationToken cancel)
    {
        var breaks = new ConsistencyBreaks();
        await AddDetailsAsync(session, transactions, breaks, cancel);
        var findings = new EntryFindings(breaks);
        foreach (var window in windows)
        {
            await CheckEntriesAsync(session, window, lookUp: true, findings, cancel);
        }

        breaks.Finish();
        return breaks.List.Breaks;
    }

    /// <summary>Entries that stand out along their accounts, without a look at their transactions.</summary>
    /// <param name="goesOn">Asked before each window.</param>
    public static async IAsyncEnumerable<SuspectEntry> WalkAsync(
        PacedSession session, Func<bool> goesOn, [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var window in BookWindows.EntriesAsync(session, cancel))
        {
            if (!goesOn())
            {
                yield break;
            }

            foreach (var entry in await session.ReadAsync<SuspectEntry>(
                SuspectEntriesSql, Parameters(window, lookUp: false), cancel))
            {
                yield return entry;
            }
        }
    }

    // Debits and credits of each currency at the moment, which are equal when every transaction's are.
    private static async Task<IReadOnlyList<CurrencySum>> SumAsync(
        PacedSession session, BookMoment moment, CancellationToken cancel)
    {
        var sums = new Dictionary<string, CurrencySum>(StringComparer.Ordinal);
        await foreach (var window in BookWindows.EntriesAsync(session, cancel))
        {
            var parameters = new
            {
                window.After.Account,
                window.After.Position,
                lastAccount = window.UpTo.Account,
                lastPosition = window.UpTo.Position,
                moment.Snapshot,
                moment.Xmin,
                moment.Xmax,
                moment.Own,
            };
            foreach (var sum in await session.ReadAsync<CurrencySum>(SumSql, parameters, cancel))
            {
                var before = sums.GetValueOrDefault(sum.Currency, new CurrencySum(sum.Currency, 0, 0, 0));
                sums[sum.Currency] = new CurrencySum(
                    sum.Currency,
                    before.Debits + sum.Debits,
                    before.Credits + sum.Credits,
                    before.Entries + sum.Entries);
            }
        }

        return [.. sums.Values.OrderBy(sum => sum.Currency, StringComparer.Ordinal)];
    }

    /// <returns>How many entries are as the transactions of the moment list them.</returns>
    private static async Task<long> CheckTransactionsAsync(
        PacedSession session, IdWindow window, BookMoment moment, ConsistencyBreaks breaks, CancellationToken cancel)
    {
        var parameters = new
        {
            window.From,
            window.UpTo,
            moment.Snapshot,
            moment.Xmin,
            moment.Xmax,
            moment.Own,
        };
        var rows = await session.ReadAsync<Suspect>(SuspectTransactionsSql, parameters, cancel);
        await AddDetailsAsync(session, [.. rows.Select(row => row.Id).OfType<Guid>()], breaks, cancel);
        return rows[0].Matched;
    }

    private static async Task AddDetailsAsync(
        PacedSession session, IReadOnlyCollection<Guid> ids, ConsistencyBreaks breaks, CancellationToken cancel)
    {
        if (ids.Count == 0)
        {
            return;
        }

        var rows = await session.ReadAsync<ListedEntry>(TransactionDetailsSql, new { ids = ids.ToArray() }, cancel);
        foreach (var transaction in rows.GroupBy(row => row.Id))
        {
            TransactionFindings.Add([.. transaction], breaks);
        }
    }

    private static async Task CheckEntriesAsync(
        PacedSession session, EntryWindow window, bool lookUp, EntryFindings findings, CancellationToken cancel)
    {
        foreach (var entry in await session.ReadAsync<SuspectEntry>(
            SuspectEntriesSql, Parameters(window, lookUp), cancel))
        {
            findings.Add(entry);
        }
    }

    private static object Parameters(EntryWindow window, bool lookUp) => new
    {
        window.After.Account,
        window.After.Position,
        lastAccount = window.UpTo.Account,
        lastPosition = window.UpTo.Position,
        lookUp,
    };

    private sealed record CurrencySum(string Currency, decimal Debits, decimal Credits, long Entries);

    // The first row has no id, and the number of entries that are as listed.
    private sealed record Suspect(Guid? Id, long Matched);
}
