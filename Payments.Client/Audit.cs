using System.Text.Json;
using System.Text.Json.Serialization;

namespace Payments.Client;

/// <summary>Which events of the audit trail; null: all.</summary>
public sealed record AuditFilter(
    string? Actor = null, string? Action = null, string? ObjectType = null, string? ObjectId = null);

/// <summary>Who did what to which object; its sequence is null until it is sealed.</summary>
public sealed record AuditEvent(
    Guid Id,
    DateTimeOffset At,
    string Actor,
    string Action,
    string ObjectType,
    string ObjectId,
    string Outcome,
    JsonElement Details,
    Guid? KeyId = null,
    string? Account = null,
    string? OtherAccount = null,
    string? Currency = null,
    string? TraceId = null,
    long? Sequence = null) : IListItem
{
    [JsonIgnore]
    public string Cursor => Id.ToString();
}

/// <summary>Something that happened to an account or to one of its payments.</summary>
public sealed record TrailItem(
    string Id,
    DateTimeOffset At,
    string Actor,
    string Action,
    string ObjectType,
    string ObjectId,
    string Outcome,
    JsonElement Details,
    Guid? KeyId = null,
    string? TraceId = null) : IListItem
{
    [JsonIgnore]
    public string Cursor => Id;
}

/// <summary>What a verification of the audit trail found.</summary>
public sealed record AuditVerification(
    bool Intact,
    DateTimeOffset VerifiedAt,
    long Sealed,
    long Waiting,
    long Restores,
    string? Head = null,
    int? Checkpoints = null,
    long? CheckpointedTo = null,
    AuditDamage? Damage = null);

public sealed record AuditDamage(long FirstBadSequence, string Kind, string Detail);
