namespace Payments.Web.Queue;

/// <summary>What the queue's page shows: how it stands, and one page of its dead letters.</summary>
public sealed record QueueView(QueueStats Stats, ListOf<DeadLetter> DeadLetters);

/// <summary>How the queue stands.</summary>
public sealed record QueueStats(
    long Depth,
    long InFlight,
    long Delayed,
    long Dead,
    Throughput Throughput,
    BlockedAccounts BlockedAccounts,
    QueuePause Pause,
    IReadOnlyList<Worker> Workers,
    DateTimeOffset AsOf,
    double? OldestReadyAgeSeconds = null);

/// <summary>What the running workers have settled.</summary>
public sealed record Throughput(long SettledLastMinute, double PerSecond);

/// <summary>Accounts with a payment that cannot be settled for now, and the first of them.</summary>
public sealed record BlockedAccounts(long Count, IReadOnlyList<BlockedAccount> Accounts);

public sealed record BlockedAccount(
    string AccountId,
    string Currency,
    long Delayed,
    long Dead,
    DateTimeOffset OldestCreatedAt,
    string? LastError = null);

public sealed record QueuePause(
    bool Paused, DateTimeOffset? PausedAt = null, string? PausedBy = null, string? Reason = null);

/// <summary>One process that settles; its state is running, pausing, paused or silent.</summary>
public sealed record Worker(
    string Id,
    string State,
    DateTimeOffset StartedAt,
    DateTimeOffset SeenAt,
    long SettledLastMinute,
    DateTimeOffset? PauseAskedAt = null,
    string? PauseAskedBy = null,
    DateTimeOffset? PausedSince = null);

/// <summary>A job that was given up.</summary>
public sealed record DeadLetter(
    Guid Id,
    Guid PaymentId,
    string Kind,
    string AccountId,
    decimal Amount,
    string Currency,
    int Attempts,
    int Failures,
    DateTimeOffset CreatedAt,
    DateTimeOffset BuriedAt,
    long Redrives,
    string? LastError = null,
    string? LastWorker = null);

/// <summary>How many jobs were put back into the queue.</summary>
public sealed record Redriven([property: System.Text.Json.Serialization.JsonPropertyName("redriven")] long Count);

/// <summary>The pause and the workers after a change.</summary>
public sealed record QueueControl(QueuePause Pause, IReadOnlyList<Worker> Workers);
