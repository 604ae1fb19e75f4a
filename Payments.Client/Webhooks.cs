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
    DateTimeOffset? DisabledAt = null,
    DateTimeOffset? UpdatedAt = null,
    DateTimeOffset? LastSuccessAt = null,
    DateTimeOffset? LastFailureAt = null,
    DateTimeOffset? RestingUntil = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Secret = null) : IListItem
{
    [JsonIgnore]
    public string Cursor => Id.ToString();

    /// <summary>Its address and secret are settings of the worker.</summary>
    [JsonIgnore]
    public bool IsConfigured => Origin == "configuration";
}

/// <summary>What is to be different about a target; null: nothing.</summary>
/// <param name="EventTypes">What it is told of; empty: everything.</param>
public sealed record WebhookTargetChange(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Url = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Description = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? EventTypes = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Enabled = null);

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
    Guid? ExceptionId = null,
    int? LastStatusCode = null,
    string? LastError = null,
    DateTimeOffset? NextAttemptAt = null,
    DateTimeOffset? FinishedAt = null) : IListItem
{
    [JsonIgnore]
    public string Cursor => Id.ToString();
}

/// <summary>A delivery with what is sent, byte for byte as it is signed, and what became of each attempt.</summary>
public sealed record WebhookDeliveryDetails(
    WebhookDelivery Delivery, string Payload, IReadOnlyList<WebhookAttempt> Attempts);

/// <summary>One attempt; its status is null when there was no answer.</summary>
public sealed record WebhookAttempt(
    int Number,
    DateTimeOffset StartedAt,
    int Milliseconds,
    int? StatusCode = null,
    string? Answer = null,
    string? Error = null);

/// <summary>How many deliveries were begun anew.</summary>
public sealed record WebhookReplay([property: JsonPropertyName("replayed")] int Count, bool HasMore);
