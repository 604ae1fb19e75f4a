namespace Payments.Ledger.Webhooks;

/// <summary>The types of events that webhook targets are told of.</summary>
public static class WebhookEventType
{
    /// <summary>A break was seen for the first time.</summary>
    public const string ExceptionOpened = "reconciliation.exception.opened";

    /// <summary>A known break became more severe.</summary>
    public const string ExceptionEscalated = "reconciliation.exception.escalated";

    /// <summary>A break that was over, or resolved, is there again.</summary>
    public const string ExceptionReopened = "reconciliation.exception.reopened";

    /// <summary>A break was resolved by a person, corrected, or went away by itself.</summary>
    public const string ExceptionResolved = "reconciliation.exception.resolved";

    /// <summary>Another target was disabled because it cannot be reached, or is gone.</summary>
    public const string TargetDisabled = "webhook.target.disabled";

    /// <summary>Sent when an operator asks for it, to one target, whatever its filter; tried once.</summary>
    public const string Test = "webhook.test";

    /// <summary>What a target may be told of.</summary>
    public static IReadOnlyList<string> All { get; } =
        [ExceptionOpened, ExceptionEscalated, ExceptionReopened, ExceptionResolved, TargetDisabled];
}
