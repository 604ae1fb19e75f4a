using System.Text.Json.Serialization;

namespace Payments.Client;

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
    DateTimeOffset? FinishedAt = null,
    Guid? ExceptionId = null);

/// <summary>How many deliveries were begun anew.</summary>
public sealed record WebhookReplay([property: JsonPropertyName("replayed")] int Count, bool HasMore);
