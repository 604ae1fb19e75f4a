using System.Text.Json.Serialization;

namespace Payments.Web.Alerts;

/// <summary>What the page of alerts shows: the targets, and one page of the deliveries.</summary>
public sealed record AlertsView(ListOf<WebhookTarget> Targets, ListOf<WebhookDelivery> Deliveries);

/// <summary>Whom alerts are sent to; its secret is in the answer that made it, and in no other.</summary>
public sealed record WebhookTarget(
    Guid Id,
    string Url,
    IReadOnlyList<string> EventTypes,
    bool Enabled,
    string Origin,
    string CreatedBy,
    DateTimeOffset CreatedAt,
    string? Description = null,
    string? DisabledReason = null,
    DateTimeOffset? LastSuccessAt = null,
    DateTimeOffset? LastFailureAt = null,
    string? Secret = null)
{
    /// <summary>Its address and secret are settings of the worker.</summary>
    [JsonIgnore]
    public bool IsConfigured => Origin == "configuration";
}

/// <summary>An event on its way to a target.</summary>
public sealed record WebhookDelivery(
    Guid Id,
    string EventId,
    string EventType,
    Guid TargetId,
    string TargetUrl,
    string Status,
    int Attempts,
    int Replays,
    DateTimeOffset CreatedAt,
    int? LastStatusCode = null,
    string? LastError = null,
    DateTimeOffset? NextAttemptAt = null,
    DateTimeOffset? FinishedAt = null);

/// <summary>How many deliveries were begun anew.</summary>
public sealed record WebhookReplay([property: JsonPropertyName("replayed")] int Count, bool HasMore);

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
