namespace Payments.Client;

/// <summary>Whose key it is, as the API knows it.</summary>
public sealed record OperatorKey(
    string Owner,
    DateTimeOffset? ExpiresAt = null,
    Guid? Id = null,
    IReadOnlyList<string>? Scopes = null,
    int? RequestsPerSecond = null);

/// <summary>What one process of the API has replayed since it started.</summary>
public sealed record CacheStats(
    long ReplaysServed, long KeysHeld, long Hits, long Misses, double? HitRate, DateTimeOffset Since);

public sealed record Health(string Status, DateTimeOffset Timestamp);

/// <summary>A process and what it needs: <c>healthy</c>, <c>degraded</c> or <c>unhealthy</c>, each by name.</summary>
public sealed record ServiceHealth(string Status, IReadOnlyDictionary<string, string> Checks);

/// <summary>Whether the system is ready, and if not, which component is to blame.</summary>
public sealed record Readiness(string Status, IReadOnlyList<string> NotReady, ReadinessComponents Components)
{
    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsReady => NotReady.Count == 0;
}

public sealed record ReadinessComponents(
    DatabaseState Database, SchemaState Schema, QueueState Queue, WorkersState Workers);

public sealed record DatabaseState(string Status);

public sealed record SchemaState(string Status, int? Version);

public sealed record QueueState(string Status, double? OldestReadyAgeSeconds);

public sealed record WorkersState(string Status, long? Alive);
