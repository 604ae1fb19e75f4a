using System.Text.Json.Serialization;

namespace Payments.Client;

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
    string? LastWorker = null,
    string? PayerAccountId = null) : IListItem
{
    [JsonIgnore]
    public string Cursor => Id.ToString();
}

/// <summary>One dead letter's return into the queue, with what it had died of.</summary>
public sealed record Redrive(
    string Id,
    Guid JobId,
    Guid PaymentId,
    DateTimeOffset RedrivenAt,
    string RedrivenBy,
    DateTimeOffset BuriedAt,
    int Attempts,
    int Failures,
    string? LastError = null) : IListItem
{
    [JsonIgnore]
    public string Cursor => Id;
}

/// <summary>How many jobs were put back into the queue.</summary>
public sealed record Redriven([property: JsonPropertyName("redriven")] long Count);

/// <summary>The pause and the workers after a change.</summary>
public sealed record QueueControl(QueuePause Pause, IReadOnlyList<Worker> Workers);
