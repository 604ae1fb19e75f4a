namespace Payments.Ledger.Reconciliation;

/// <summary>Why a reconciliation run was made, by the names that tables, metrics and requests use.</summary>
public static class RunType
{
    public const string Hourly = "hourly";

    public const string Daily = "daily";

    public const string Manual = "manual";

    public static IReadOnlyList<string> All { get; } = [Hourly, Daily, Manual];
}
