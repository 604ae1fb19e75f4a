namespace Payments.Ledger.Reconciliation;

/// <summary>The checks of a reconciliation run, by the names that tables, metrics and alerts use.</summary>
public static class CheckType
{
    public const string LedgerConsistency = "ledger_consistency";

    public const string CircleBalance = "circle_balance";

    public const string AlpacaBalance = "alpaca_balance";

    public const string Deposits = "deposits";

    public const string ConversionJobs = "conversion_jobs";

    public const string Withdrawals = "withdrawals";

    public const string AccountBalance = "account_balance";

    /// <summary>In the order in which a run makes them.</summary>
    public static IReadOnlyList<string> All { get; } =
        [LedgerConsistency, AccountBalance, Deposits, ConversionJobs, Withdrawals, CircleBalance, AlpacaBalance];
}
