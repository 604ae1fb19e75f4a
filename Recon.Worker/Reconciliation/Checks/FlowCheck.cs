using Npgsql;

namespace Recon.Worker.Reconciliation.Checks;

/// <summary>
/// Flows of one sort against the ledger, to the last minor unit: row by row, so that two differences which cancel out
/// in the totals are both found, and in both directions. An adjustment that was posted for a flow counts as its own.
/// </summary>
internal abstract class FlowCheck(CheckPace pace, TimeProvider clock) : IReconciliationCheck
{
    // Most of the ledger is not of flows, and passing over it costs little.
    private const int LedgerWindow = 20_000;

    private const int FlowWindow = 5_000;

    public abstract string CheckType { get; }

    // A flow and its posting are read by one statement, and each transaction is looked at once. A correction that comes
    // after its part of the ledger was read is not counted, as if the whole had been read before it. What it corrected
    // is known to be gone by then, so that this look is the older one and opens nothing again.
    public bool NeedsOneMoment => false;

    /// <summary>What one is called in descriptions.</summary>
    protected abstract string Noun { get; }

    /// <summary>Kind of its transactions.</summary>
    protected abstract string Kind { get; }

    /// <summary>The accounts whose entries, with a sign, tell the amount of a transaction of the kind.</summary>
    protected abstract IReadOnlyList<(string Currency, string Account, int Sign)> Totalled { get; }

    /// <summary>
    /// The last id of a window of flows, and the postings of a window of them in the form of
    /// <see cref="FlowPosting"/>.
    /// </summary>
    protected abstract (string End, string Postings) Sql { get; }

    /// <summary>Tells whether a transaction of the kind belongs to no flow.</summary>
    protected abstract string FlowlessSql { get; }

    /// <summary>What stands in the totals, and with which sign; null for parts that are not added up.</summary>
    protected abstract int? SignInTotals(FlowPosting posting);

    public async Task<CheckResult> RunAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var session = await PacedSession.BeginAsync(connection, pace, clock, cancel);
        var breaks = new BreakList();
        var totals = new Totals();
        var adjustments = new Dictionary<(Guid Transaction, long Account), decimal>();
        await ReadLedgerAsync(session, adjustments, totals, breaks, cancel);

        await foreach (var window in BookWindows.IdsAsync(session, Sql.End, FlowWindow, cancel))
        {
            foreach (var posting in await session.ReadAsync<FlowPosting>(Sql.Postings, window, cancel))
            {
                Judge(posting, adjustments, totals, breaks);
            }
        }

        return breaks.Result(totals.ByCurrency(), totals.Items);
    }

    private void Judge(
        FlowPosting posting, Dictionary<(Guid Transaction, long Account), decimal> adjustments, Totals totals,
        BreakList breaks)
    {
        var adjusted = posting.AccountId is { } account
            ? posting.Actual + adjustments.GetValueOrDefault((posting.TransactionId, account))
            : posting.Actual;
        if (SignInTotals(posting) is { } sign && (posting.IsDue || adjusted != 0))
        {
            totals.Add(posting.Currency, posting.IsDue ? sign * posting.Expected : 0, sign * adjusted);
        }

        if (FlowBreaks.Judge(Noun, posting with { Actual = adjusted }) is { } found)
        {
            breaks.Add(found);
        }
    }

    private async Task ReadLedgerAsync(
        PacedSession session, Dictionary<(Guid Transaction, long Account), decimal> adjustments, Totals totals,
        BreakList breaks, CancellationToken cancel)
    {
        await foreach (var window in BookWindows.IdsAsync(session, LedgerEndSql, LedgerWindow, cancel))
        {
            var parameters = new
            {
                window.From,
                window.UpTo,
                kind = Kind,
                currencies = Totalled.Select(one => one.Currency).ToArray(),
                accounts = Totalled.Select(one => one.Account).ToArray(),
                signs = Totalled.Select(one => one.Sign).ToArray(),
            };
            foreach (var one in await session.ReadAsync<Adjustment>(AdjustmentsSql, parameters, cancel))
            {
                var key = (one.TransactionId, one.AccountId);
                adjustments[key] = adjustments.GetValueOrDefault(key) + one.Amount;
            }

            foreach (var posting in await session.ReadAsync<FlowlessPosting>(FlowlessSql, parameters, cancel))
            {
                totals.Add(posting.Currency, 0, posting.Actual);
                breaks.Add(FlowBreaks.Flowless(Noun, posting));
            }
        }
    }

    private const string LedgerEndSql =
        "SELECT id FROM ledger_transactions WHERE id >= @from ORDER BY id OFFSET @offset LIMIT 1";

    // A reversal takes back the adjustment that it corrects. That only few transactions are either is said of the
    // transaction alone: by the join with its adjustment the server finds out only once it has read all entries.
    private const string AdjustmentsSql = """
        SELECT coalesce(adjustment.corrects, posting.corrects) AS transaction_id, entry.account_id,
            sum(entry.amount) AS amount
        FROM ledger_transactions AS posting
        LEFT JOIN ledger_transactions AS adjustment
            ON posting.kind = 'reversal' AND adjustment.id = posting.corrects AND adjustment.kind = 'adjustment'
        CROSS JOIN LATERAL unnest(posting.account_ids, posting.positions) AS place (account_id, position)
        JOIN ledger_entries AS entry ON entry.account_id = place.account_id AND entry.position = place.position
        WHERE posting.id >= @from AND posting.id <= @upTo
            AND posting.kind IN ('adjustment', 'reversal') AND posting.corrects IS NOT NULL
            AND (posting.kind = 'adjustment' OR adjustment.corrects IS NOT NULL)
        GROUP BY 1, 2
        """;
}
