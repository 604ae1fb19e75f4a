using Npgsql;

namespace Payments.Ledger.Audit;

/// <summary>
/// Lets the audit trail go on after the database was restored to an earlier point on purpose. The chain then ends, or
/// became another one, before the last of what was signed, just as if somebody had cut it off: only a person can tell
/// the one from the other. So a person says it, with a reason, and that becomes an event of the chain; the checkpoints
/// that no longer hold are put aside and stay as evidence. Nothing is signed here: a worker signs what follows.
/// </summary>
public sealed class AcceptRestore(
    NpgsqlDataSource database, CheckpointStore checkpoints, AuditLog audit, TimeProvider clock)
{
    /// <summary>The action of the event that records it.</summary>
    public const string Action = "audit.restored";

    /// <summary>
    /// Accepts that the chain ends early or goes on differently. Any other damage is none that a restore leaves, and is
    /// refused. What is done twice, or was broken off and is done again, is recorded twice and does no harm.
    /// </summary>
    public async Task<AcceptRestoreResult> ExecuteAsync(AuditActor actor, string reason, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var turn = await SessionLock.TryTakeAsync(connection, SealAudit.LockKey, cancel);
        if (turn is null)
        {
            return new AcceptRestoreResult.SealerRuns();
        }

        var found = await new VerifyAudit(database, checkpoints, clock) { ExpectsSeals = false }.ExecuteAsync(cancel);
        var signedTo = found.CheckpointedTo ?? 0;
        if (found.Damage is not { Kind: AuditDamageKind.Cut or AuditDamageKind.Rewritten } damage
            || signedTo < damage.FirstBadSequence)
        {
            return new AcceptRestoreResult.NoRestore(found);
        }

        // A restored database has lost the events together with their links. Where events are left, links were deleted.
        var kept = damage.FirstBadSequence - 1;
        if (await VerifyAudit.FindLooseAsync(connection, null, kept, VerifyAudit.Never, cancel) is { } loose)
        {
            return new AcceptRestoreResult.NoRestore(found with { Damage = loose });
        }

        // The record first: checkpoints are never put aside without one.
        var place = CheckpointStore.NameAside(clock.GetUtcNow());
        await audit.RecordAsync(
            connection,
            new(actor, Action, "audit_trail", "audit_trail") { Details = new { kept, signedTo, reason, place } },
            cancel);
        checkpoints.PutAside(kept, place);
        return new AcceptRestoreResult.Accepted(kept, signedTo, place);
    }
}

/// <summary>Every way the acceptance of a restore can end.</summary>
public abstract record AcceptRestoreResult
{
    /// <summary>A worker seals the trail at this moment: it would sign over what is put aside.</summary>
    public sealed record SealerRuns : AcceptRestoreResult;

    /// <summary>What was found is not what a restore to an earlier point leaves.</summary>
    public sealed record NoRestore(AuditVerification Found) : AcceptRestoreResult;

    /// <param name="Kept">The last event that is still there.</param>
    /// <param name="SignedTo">The last event that had been signed.</param>
    /// <param name="Place">Where the checkpoints are that no longer hold, within their directory.</param>
    public sealed record Accepted(long Kept, long SignedTo, string Place) : AcceptRestoreResult;
}
