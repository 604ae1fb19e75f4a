using Payments.Api.Describing;
using Payments.Ledger.Webhooks;

namespace Payments.Api.Webhooks;

/// <summary>Webhooks as the OpenAPI document shows them.</summary>
internal static class WebhookExamples
{
    public const string Create = """
        {"url": "https://hooks.example.com/alerts", "description": "The desk",
        "eventTypes": ["reconciliation.exception.opened", "reconciliation.exception.escalated"]}
        """;

    public const string Change = """{"enabled": false}""";

    public const string Rotate = """{"overlapHours": 24}""";

    public const string Replay = """{"since": "2026-03-01T10:00:00Z"}""";

    private const string Event = "msg_019cae6280f07e55b4d817c2a90f63e8";

    private const string Payload = """
        {"type":"reconciliation.exception.opened","timestamp":"2026-03-02T09:40:00Z","data":{"severity":"high"}}
        """;

    public static Guid TargetId { get; } = new("019cae61-3d28-7a94-8e05-c2b7601f9d34");

    public static Guid DeliveryId { get; } = new("019cae62-80f0-7e55-b4d8-17c2a90f63e8");

    public static WebhookTargetAnswer Target { get; } = new(
        TargetId, "https://hooks.example.com/alerts", "The desk",
        [WebhookEventType.ExceptionOpened, WebhookEventType.ExceptionEscalated], Enabled: true, DisabledReason: null,
        DisabledAt: null, "api", "operator", Examples.At(500), Examples.At(500), Examples.At(600.2),
        Examples.At(601), Examples.At(660));

    public static WebhookTargetAnswer WithSecret { get; } = Target with
    {
        LastSuccessAt = null,
        LastFailureAt = null,
        RestingUntil = null,
        Secret = "whsec_YW4gZXhhbXBsZSBvZiBhIHNlY3JldCwgMzIgYnl0ZXM=",
    };

    public static WebhookTargetAnswer Disabled { get; } = Target with
    {
        Enabled = false,
        DisabledReason = "Disabled by operator.",
        DisabledAt = Examples.At(900),
        UpdatedAt = Examples.At(900),
        RestingUntil = null,
    };

    public static WebhookDeliveryAnswer Waiting { get; } = new(
        DeliveryId, Event, WebhookEventType.Test, ExceptionId: null, TargetId, Target.Url, "pending", Attempts: 0,
        Replays: 0, LastStatusCode: null, LastError: null, Examples.At(600), Examples.At(600), FinishedAt: null);

    public static WebhookDeliveryAnswer Replayed { get; } = Waiting with
    {
        Attempts = 1,
        Replays = 1,
        LastStatusCode = 500,
        LastError = "The answer was 500.",
        NextAttemptAt = Examples.At(900),
    };

    public static WebhookDeliveryAnswer Delivered { get; } = Replayed with
    {
        EventType = WebhookEventType.ExceptionOpened,
        ExceptionId = Examples.ExceptionId,
        Status = "delivered",
        Attempts = 2,
        LastStatusCode = 204,
        LastError = null,
        FinishedAt = Examples.At(900.1),
    };

    public static WebhookDeliveryDetails Details { get; } = new(
        Delivered, Payload,
        [
            new WebhookAttemptAnswer(1, Examples.At(600), 41, 500, "try later", "The answer was 500."),
            new WebhookAttemptAnswer(2, Examples.At(900), 38, 204, Answer: null, Error: null),
        ]);

    public static WebhookReplayAnswer ReplayedAll { get; } = new(12, HasMore: false);
}
