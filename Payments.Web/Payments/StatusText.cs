namespace Payments.Web.Payments;

/// <summary>The status of a payment or a refund in words, and the tone it is shown in.</summary>
internal static class StatusText
{
    public static string Of(string status) => status switch
    {
        PaymentStatus.Pending => "Pending",
        PaymentStatus.Completed => "Completed",
        PaymentStatus.CompletedWithDiscrepancy => "Discrepancy",
        PaymentStatus.Failed => "Failed",
        PaymentStatus.Cancelled => "Cancelled",
        _ => Sentence(status),
    };

    /// <summary>The style sheet's name for how good or bad it is; also chooses the badge's shape.</summary>
    public static string Tone(string status) => status switch
    {
        PaymentStatus.Pending or "reserved" or "in_progress" or "acknowledged" or "proposed" => "waiting",
        PaymentStatus.Completed or "succeeded" or "passed" or "agrees" => "good",
        "resolved" or "auto_corrected" or "posted" => "good",
        PaymentStatus.CompletedWithDiscrepancy or "inconclusive" => "odd",
        "stale" or "not_configured" or "unavailable" => "odd",
        PaymentStatus.Failed or "open" or "differs" => "bad",
        _ => "neutral",
    };

    /// <summary>A code as a sentence: <c>insufficient_funds</c> becomes "Insufficient funds".</summary>
    public static string Sentence(string code) => code.Length == 0
        ? code
        : char.ToUpperInvariant(code[0]) + code[1..].Replace('_', ' ');
}
