using Npgsql;

namespace Recon.Worker.Reconciliation;

/// <summary>
/// One check of a run. It changes nothing, and tells what it compared and every break it found, so that two errors
/// which cancel out in a total are both found. What is settled while it reads is no break.
/// </summary>
internal interface IReconciliationCheck
{
    /// <summary>One of <see cref="Payments.Ledger.Reconciliation.CheckType"/>.</summary>
    string CheckType { get; }

    /// <summary>
    /// Whether all its statements must see one moment. A check that walks through the ledger does without: as long as a
    /// moment is held, no row version that settlement leaves behind it can be removed, and every payment costs more.
    /// </summary>
    bool NeedsOneMoment { get; }

    /// <param name="connection">
    /// Read-only; if all is to be of one moment, in a transaction of its own with isolation repeatable read.
    /// </param>
    Task<CheckResult> RunAsync(NpgsqlConnection connection, CancellationToken cancel);
}

/// <summary>What a check compared in one currency, minor units.</summary>
internal sealed record CheckTotal(string Currency, decimal Expected, decimal Actual)
{
    public decimal Difference => Actual - Expected;
}

/// <summary>
/// What a check found. Passed, failed or inconclusive: never a pass that was not seen, never a false break.
/// </summary>
/// <param name="Totals">One for each currency.</param>
/// <param name="Breaks">Everything wrong; capped at <see cref="MostBreaks"/>.</param>
/// <param name="Inconclusive">Why nothing can be said, in a sentence; null when something can.</param>
internal sealed record CheckResult(
    IReadOnlyList<CheckTotal> Totals, IReadOnlyList<Break> Breaks, long ItemsChecked, string? Inconclusive = null)
{
    /// <summary>Breaks that one check reports at the most; the rest is counted in <see cref="MoreBreaks"/>.</summary>
    public const int MostBreaks = 10_000;

    /// <summary>Breaks beyond the most that are reported: while there are any, no known break counts as gone.</summary>
    public long MoreBreaks { get; init; }

    /// <summary>
    /// Nothing can be said of the subject. Its breaks are those of the silence itself, such as a provider that has
    /// been away for too long.
    /// </summary>
    public static CheckResult Unknown(string why, params IReadOnlyList<Break> breaks) => new([], breaks, 0, why);
}

/// <summary>One thing that is wrong.</summary>
/// <param name="Kind">The sort: <c>missing_entries</c>, <c>orphan_entry</c>, <c>balance_mismatch</c> ...</param>
/// <param name="Key">
/// With the check's type: the same break has the same key whenever it is seen, and no other has.
/// </param>
/// <param name="Description">A sentence that names what is wrong, with amounts in units of the currency.</param>
/// <param name="Severity">One of <see cref="Payments.Ledger.Reconciliation.Severity"/>.</param>
internal sealed record Break(string Kind, string Key, string Description, string Severity)
{
    public string? Currency { get; init; }

    /// <summary>Minor units, credit-positive where it is a balance; null when the break has no amount.</summary>
    public decimal? Expected { get; init; }

    public decimal? Actual { get; init; }

    public decimal? Difference => Actual - Expected;

    public long? AccountId { get; init; }

    public string? AccountName { get; init; }

    /// <summary>Position of the entry within its account.</summary>
    public long? Position { get; init; }

    public Guid? PaymentId { get; init; }

    public Guid? TransactionId { get; init; }

    /// <summary>The deposit, conversion or withdrawal.</summary>
    public Guid? FlowId { get; init; }
}
