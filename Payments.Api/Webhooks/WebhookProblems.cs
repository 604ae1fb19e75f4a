namespace Payments.Api.Webhooks;

internal static class WebhookProblems
{
    public static Problem TargetNotFound { get; } =
        new(ProblemTypes.WebhookTargetNotFound, "No webhook target has this id.");

    public static Problem DeliveryNotFound { get; } =
        new(ProblemTypes.WebhookDeliveryNotFound, "No webhook delivery has this id.");

    public static Problem Disabled { get; } =
        new(ProblemTypes.WebhookTargetDisabled, "The target is disabled; nothing is sent to it.");

    public static Problem KeyMissing { get; } = new(
        ProblemTypes.WebhookKeyMissing,
        "A target's secret cannot be encrypted: Webhooks:EncryptionKey is not set for the API.");

    public static Problem Configured { get; } =
        new(ProblemTypes.WebhookTargetConfigured, "The target comes from the worker's configuration.");
}
