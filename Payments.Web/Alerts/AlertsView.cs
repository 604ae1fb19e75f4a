using static System.FormattableString;

namespace Payments.Web.Alerts;

/// <summary>What the page of alerts shows: the targets, and one page of the deliveries.</summary>
public sealed record AlertsView(ListOf<WebhookTarget> Targets, ListOf<WebhookDelivery> Deliveries);

/// <summary>What alerts can be about, in the words of the page.</summary>
internal static class AlertText
{
    public static IReadOnlyList<(string Type, string Name)> Types { get; } =
    [
        ("reconciliation.exception.opened", "Opened"),
        ("reconciliation.exception.escalated", "Escalated"),
        ("reconciliation.exception.reopened", "Reopened"),
        ("reconciliation.exception.resolved", "Resolved"),
        ("webhook.target.disabled", "Target given up"),
    ];

    public static string Of(string type) => type == "webhook.test"
        ? "Test"
        : Types.Where(known => known.Type == type).Select(known => known.Name).FirstOrDefault() ?? type;

    /// <summary>How many were sent again.</summary>
    public static string? Of(WebhookReplay? replay) => replay switch
    {
        null => null,
        { Count: 0 } => "None had failed or was cancelled.",
        { Count: 1 } => "1 is sent again.",
        { HasMore: true } => Invariant($"{replay.Count:#,0} are sent again, and there are more: replay once more."),
        _ => Invariant($"{replay.Count:#,0} are sent again."),
    };

    public static string Tone(string status) => status switch
    {
        "pending" => "waiting",
        "delivered" => "good",
        "failed" => "bad",
        _ => "neutral",
    };
}
