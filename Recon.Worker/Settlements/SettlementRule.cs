using Payments.Ledger;

namespace Recon.Worker.Settlements;

/// <summary>
/// The rules that decide what becomes of a payment; the first that applies wins. They look at the payment alone: what
/// depends on a balance is decided where the balance is locked.
/// </summary>
internal static class SettlementRule
{
    /// <summary>The minor part that the rule table calls a discrepancy, in currencies with two decimals.</summary>
    private const long DiscrepantMinorPart = 13;

    /// <summary>Decides by amount (minor units) and currency.</summary>
    public static Settlement Decide(long amount, Currency currency) => amount switch
    {
        < 0 => Settlement.Failed(amount, "negative_amount"),
        0 => Settlement.Failed(amount, "zero_amount"),
        _ when currency.Exponent == 2 && amount % currency.MinorPerMajor == DiscrepantMinorPart =>
            new Settlement(
                "completed_with_discrepancy", amount, DiscrepantMinorPart, FailureReason: null, "minor_part_13"),
        _ => new Settlement("completed", amount, Discrepancy: null, FailureReason: null, "matched"),
    };
}

/// <summary>The end of a payment: its status, and what the reconciliation result says about it.</summary>
/// <param name="Status">
/// completed, completed_with_discrepancy or failed; the whole amount is posted unless failed.
/// </param>
/// <param name="Expected">The amount asked for, minor units.</param>
/// <param name="Discrepancy">What could not be matched, minor units.</param>
/// <param name="Rule">The rule that decided.</param>
internal sealed record Settlement(string Status, long Expected, long? Discrepancy, string? FailureReason, string Rule)
{
    public bool IsPosted => FailureReason is null;

    /// <summary>The matched amount, minor units: nothing of a failed payment.</summary>
    public long Actual => IsPosted ? Expected - (Discrepancy ?? 0) : 0;

    public bool Matched => IsPosted && Discrepancy is null;

    public static Settlement Failed(long expected, string reason) => new("failed", expected, null, reason, reason);
}
