using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Payments.Api.Webhooks;

/// <summary>Whom webhooks are sent to.</summary>
/// <param name="EventTypes">What it is told of; empty: everything.</param>
/// <param name="Origin"><c>api</c> or <c>configuration</c>, of the target that the worker's settings name.</param>
/// <param name="RestingUntil">It asked for a pause: nothing is sent to it until then.</param>
/// <param name="Secret">In the first answer to a creation or a rotation, and never again.</param>
internal sealed record WebhookTargetAnswer(
    Guid Id,
    string Url,
    string? Description,
    IReadOnlyList<string> EventTypes,
    bool Enabled,
    string? DisabledReason,
    DateTimeOffset? DisabledAt,
    [property: AllowedValues("api", "configuration")] string Origin,
    string CreatedBy,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    DateTimeOffset? LastSuccessAt,
    DateTimeOffset? LastFailureAt,
    DateTimeOffset? RestingUntil,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Secret = null);

/// <summary>An event on its way to a target.</summary>
/// <param name="EventId">The header <c>webhook-id</c>.</param>
/// <param name="Status"><c>pending</c>, <c>delivered</c>, <c>failed</c> or <c>cancelled</c>.</param>
/// <param name="Replays">How often it was begun anew.</param>
internal sealed record WebhookDeliveryAnswer(
    Guid Id,
    string EventId,
    string EventType,
    Guid? ExceptionId,
    Guid TargetId,
    string TargetUrl,
    [property: AllowedValues("pending", "delivered", "failed", "cancelled")] string Status,
    int Attempts,
    int Replays,
    int? LastStatusCode,
    string? LastError,
    DateTimeOffset CreatedAt,
    DateTimeOffset? NextAttemptAt,
    DateTimeOffset? FinishedAt);

/// <summary>A delivery with what is sent and what became of each attempt.</summary>
/// <param name="Payload">The body, byte for byte as it is signed.</param>
internal sealed record WebhookDeliveryDetails(
    WebhookDeliveryAnswer Delivery, string Payload, IReadOnlyList<WebhookAttemptAnswer> Attempts);

/// <summary>One attempt.</summary>
/// <param name="StatusCode">Null when there was no answer.</param>
/// <param name="Answer">The beginning of the answer's body.</param>
internal sealed record WebhookAttemptAnswer(
    int Number, DateTimeOffset StartedAt, int Milliseconds, int? StatusCode, string? Answer, string? Error);

/// <summary>What was begun anew.</summary>
/// <param name="HasMore">There are more than one request replays: send another.</param>
internal sealed record WebhookReplayAnswer(int Replayed, bool HasMore);
