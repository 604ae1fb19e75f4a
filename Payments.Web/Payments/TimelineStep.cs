using System.Globalization;

namespace Payments.Web.Payments;

/// <summary>How far a step of a payment's life has come; the style sheet's names.</summary>
public enum Progress
{
    Done,
    Running,
    Ahead,
    Failed,
}

/// <summary>One step of a payment's life: what happened, when, and how long after the step before.</summary>
public sealed record TimelineStep(
    string Name, Progress Progress, DateTimeOffset? At = null, TimeSpan? After = null, string? Note = null)
{
    /// <summary>The three steps of every payment: created, claimed by a worker, and how it ended.</summary>
    public static IReadOnlyList<TimelineStep> Of(PaymentDetails payment)
    {
        var claimedAt = payment.Job?.LockedAt;

        return
        [
            new("Created", Progress.Done, payment.CreatedAt, Note: "Recorded and queued in one transaction"),
            Claim(payment, claimedAt),
            End(payment, claimedAt),
        ];
    }

    private static TimelineStep Claim(PaymentDetails payment, DateTimeOffset? claimedAt)
    {
        var note = payment.Job switch
        {
            { LockedBy: { Length: > 0 } worker, Attempts: > 1 and var attempts } =>
                string.Create(CultureInfo.InvariantCulture, $"By {worker}, attempt {attempts}"),
            { LockedBy: { Length: > 0 } worker } => $"By {worker}",
            _ => null,
        };

        return payment switch
        {
            _ when claimedAt is not null =>
                new("Claimed", Progress.Done, claimedAt, claimedAt - payment.CreatedAt, note),
            { IsPending: true, Job.Status: "dead" } => new("Claimed", Progress.Done, Note: note),
            { IsPending: true } => new("Waiting in the queue", Progress.Running),
            { Status: PaymentStatus.Cancelled } => new("Taken from the queue", Progress.Done),
            _ => new("Claimed", Progress.Done, Note: note),
        };
    }

    private static TimelineStep End(PaymentDetails payment, DateTimeOffset? claimedAt)
    {
        var after = payment.SettledAt - (claimedAt ?? payment.CreatedAt);

        return payment switch
        {
            { IsPending: true, Job.Status: "dead" } => new(
                "Stopped: in the dead letters", Progress.Failed, Note: payment.Job.LastError),
            { IsPending: true, Job: { LastError: { Length: > 0 } error } } => new(
                "To be tried again", Progress.Running, Note: error),
            { IsPending: true } => new("Settlement", claimedAt is null ? Progress.Ahead : Progress.Running),
            { Status: PaymentStatus.Failed } => new(
                "Failed", Progress.Failed, payment.SettledAt, after, "A final outcome; nothing was posted"),
            { Status: PaymentStatus.Cancelled } => new("Cancelled", Progress.Done, payment.SettledAt, after),
            _ => new("Settled", Progress.Done, payment.SettledAt, after, "Posted to the ledger"),
        };
    }
}
