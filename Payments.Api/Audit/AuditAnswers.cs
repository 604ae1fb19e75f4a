using System.Text.Json;

namespace Payments.Api.Audit;

/// <summary>One event of the audit trail.</summary>
/// <param name="KeyId">The API key that was used; null for a command or a service.</param>
/// <param name="Sequence">Its place in the chain; null until it is sealed.</param>
internal sealed record AuditEventAnswer(
    Guid Id, DateTimeOffset At, string Actor, Guid? KeyId, string Action, string ObjectType, string ObjectId,
    string Outcome, string? Account, string? OtherAccount, string? Currency, string? TraceId, long? Sequence,
    JsonElement Details);

/// <summary>Something that happened to an account or to one of its payments.</summary>
/// <param name="Id">The source and its id, such as <c>payment-0198...</c>; also its cursor.</param>
/// <param name="Actor">Owner of the API key, or the command or service that acted.</param>
/// <param name="Outcome">Of a payment: its status as it is now.</param>
internal sealed record TrailItem(
    string Id, DateTimeOffset At, string Actor, Guid? KeyId, string Action, string ObjectType, string ObjectId,
    string Outcome, string? TraceId, JsonElement Details);

/// <summary>What a payment's own row records.</summary>
internal sealed record TrailPayment(
    string From, string To, decimal Amount, string Currency, string? Description, string Status,
    DateTimeOffset? SettledAt, decimal? Discrepancy, decimal RefundedAmount, string? FailureReason);

/// <summary>What the ledger records of a posting to the account.</summary>
internal sealed record TrailEntry(
    string EntryId, string Direction, decimal Amount, decimal BalanceAfter, string Currency, long Position);

/// <summary>What a verification of the audit trail found.</summary>
/// <param name="Sealed">How many events the chain holds.</param>
/// <param name="Head">Hash of the last link, in hexadecimal.</param>
/// <param name="Waiting">Events that are not sealed yet.</param>
/// <param name="Checkpoints">Null: none are kept, and a cut-off tail cannot be seen.</param>
/// <param name="Restores">How often a restore of the database to an earlier point was accepted.</param>
internal sealed record AuditVerificationAnswer(
    bool Intact, DateTimeOffset VerifiedAt, long Sealed, string? Head, long Waiting, int? Checkpoints,
    long? CheckpointedTo, long Restores, AuditDamageAnswer? Damage);

/// <param name="Kind">edited, deleted, reordered, cut, rewritten, unsealed, checkpoint_missing, ...</param>
internal sealed record AuditDamageAnswer(long FirstBadSequence, string Kind, string Detail);
