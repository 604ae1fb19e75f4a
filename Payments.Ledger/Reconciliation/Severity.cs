namespace Payments.Ledger.Reconciliation;

/// <summary>
/// How much a break matters, by the amount it concerns: low up to 1, medium up to 100, high up to 1,000, critical
/// above, in units of its currency. A broken ledger is always critical.
/// </summary>
public static class Severity
{
    public const string Low = "low";

    public const string Medium = "medium";

    public const string High = "high";

    public const string Critical = "critical";

    public static IReadOnlyList<string> All { get; } = [Low, Medium, High, Critical];

    /// <param name="minorUnits">With or without its sign.</param>
    public static string Of(decimal minorUnits, Currency currency)
    {
        ArgumentNullException.ThrowIfNull(currency);
        return (Math.Abs(minorUnits) / currency.MinorPerMajor) switch
        {
            <= 1 => Low,
            <= 100 => Medium,
            <= 1_000 => High,
            _ => Critical,
        };
    }
}
