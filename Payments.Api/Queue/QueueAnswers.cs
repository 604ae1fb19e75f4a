using System.ComponentModel.DataAnnotations;

namespace Payments.Api.Queue;

/// <summary>How the queue stands.</summary>
/// <param name="Depth">Jobs that a worker may take now.</param>
/// <param name="InFlight">Jobs that a worker holds.</param>
/// <param name="Delayed">Jobs that failed and wait for their retry.</param>
/// <param name="Dead">Dead letters: jobs that were given up, until they are redriven.</param>
/// <param name="OldestReadyAgeSeconds">How long the oldest job that may be taken has waited; null without one.</param>
internal sealed record QueueStatsAnswer(
    long Depth,
    long InFlight,
    long Delayed,
    long Dead,
    double? OldestReadyAgeSeconds,
    ThroughputAnswer Throughput,
    BlockedAccountsAnswer BlockedAccounts,
    QueuePauseAnswer Pause,
    IReadOnlyList<WorkerAnswer> Workers,
    DateTimeOffset AsOf);

/// <summary>What the workers that run now have settled, by their own count.</summary>
internal sealed record ThroughputAnswer(long SettledLastMinute, double PerSecond);

/// <summary>Accounts with a payment that failed and waits for its retry, or that is a dead letter.</summary>
/// <param name="Accounts">Those that have waited longest, twenty at the most.</param>
internal sealed record BlockedAccountsAnswer(long Count, IReadOnlyList<BlockedAccountAnswer> Accounts);

/// <summary>One blocked account; other payments into it go on.</summary>
internal sealed record BlockedAccountAnswer(
    string AccountId, string Currency, long Delayed, long Dead, DateTimeOffset OldestCreatedAt, string? LastError);

/// <summary>Whether the whole queue is paused, since when and by whom.</summary>
internal sealed record QueuePauseAnswer(bool Paused, DateTimeOffset? PausedAt, string? PausedBy, string? Reason);

/// <summary>One process that settles.</summary>
/// <param name="State">
/// <c>running</c>; <c>pausing</c>: asked to pause, and finishing what it holds; <c>paused</c>; <c>silent</c>: not heard
/// of lately, and perhaps dead.
/// </param>
/// <param name="PauseAskedAt">Since when this process alone is to pause.</param>
/// <param name="PausedSince">Since when it holds nothing, by its own word.</param>
internal sealed record WorkerAnswer(
    string Id,
    [property: AllowedValues("running", "pausing", "paused", "silent")] string State,
    DateTimeOffset StartedAt,
    DateTimeOffset SeenAt,
    long SettledLastMinute,
    DateTimeOffset? PauseAskedAt,
    string? PauseAskedBy,
    DateTimeOffset? PausedSince);

/// <summary>The queue's pause and its workers, as they are after a change.</summary>
internal sealed record QueueControlAnswer(QueuePauseAnswer Pause, IReadOnlyList<WorkerAnswer> Workers);

/// <summary>A job that was given up.</summary>
/// <param name="Id">The job's id: the payment's, or the refund's.</param>
/// <param name="AccountId">The account that is paid into.</param>
/// <param name="Attempts">How often it was claimed.</param>
/// <param name="Failures">How often it failed alone since it was queued or redriven.</param>
/// <param name="LastWorker">Who held it last.</param>
/// <param name="Redrives">How often it was redriven before.</param>
internal sealed record DeadLetterAnswer(
    Guid Id,
    Guid PaymentId,
    string Kind,
    string AccountId,
    string? PayerAccountId,
    decimal Amount,
    string Currency,
    int Attempts,
    int Failures,
    string? LastError,
    string? LastWorker,
    DateTimeOffset CreatedAt,
    DateTimeOffset BuriedAt,
    long Redrives);

/// <summary>What was put back into the queue.</summary>
internal sealed record RedrivenAnswer(long Redriven);

/// <summary>One dead letter's return into the queue, with what it had died of.</summary>
internal sealed record RedriveAnswer(
    string Id,
    Guid JobId,
    Guid PaymentId,
    DateTimeOffset RedrivenAt,
    string RedrivenBy,
    DateTimeOffset BuriedAt,
    int Attempts,
    int Failures,
    string? LastError);
