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

    public static string Tone(string status) => status switch
    {
        "pending" => "waiting",
        "delivered" => "good",
        "failed" => "bad",
        _ => "neutral",
    };
}
