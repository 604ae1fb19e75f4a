using Npgsql;
using Payments.Ledger.Audit;

namespace Payments.Ledger.Reconciliation.Corrections;

/// <summary>Every way in which a decision about a correction can end.</summary>
public abstract record DecisionResult
{
    /// <summary>It is so now, or was so by the same person already; also one that was tried and failed.</summary>
    public sealed record Decided(Adjustment Adjustment, bool IsNew) : DecisionResult;

    public sealed record NotFound : DecisionResult;

    /// <summary>Somebody decided otherwise before.</summary>
    public sealed record Otherwise(Adjustment Adjustment) : DecisionResult;

    /// <summary>Who proposed it may not approve it.</summary>
    public sealed record OwnProposal(Adjustment Adjustment) : DecisionResult;

    public sealed record ExceptionOver(string Status) : DecisionResult;

    /// <param name="Why">A sentence.</param>
    public sealed record NotUndoable(string Why) : DecisionResult;
}

/// <summary>
/// Approves, rejects and undoes corrections, within the connection's open transaction. The exception's row is locked
/// first, so that of two who decide at once the second finds it decided.
/// </summary>
public sealed class DecideAdjustment(DueTimes due, AuditLog audit, TimeProvider clock)
{
    /// <summary>Carries out what another owner proposed.</summary>
    public async Task<DecisionResult> ApproveAsync(
        NpgsqlConnection connection, Guid id, AuditActor actor, CancellationToken cancel)
    {
        if (await LockAsync(connection, id, cancel) is not var (adjustment, exception))
        {
            return new DecisionResult.NotFound();
        }

        if (adjustment.Status != AdjustmentStatus.Proposed)
        {
            // What was undone since is approved no longer.
            var approvedBy = adjustment.Status == AdjustmentStatus.Undone ? null : adjustment.ApprovedBy;
            return Before(adjustment, approvedBy, actor);
        }

        if (adjustment.ProposedBy == actor.Name)
        {
            return new DecisionResult.OwnProposal(adjustment);
        }

        if (!exception.IsOpen)
        {
            return new DecisionResult.ExceptionOver(exception.Status);
        }

        var now = Now();
        var posted = await CarryOutAsync(connection, adjustment, exception, cancel);
        adjustment = adjustment with
        {
            Status = posted.Failure is null ? AdjustmentStatus.Posted : AdjustmentStatus.Failed,
            DecidedAt = now,
            ApprovedBy = actor.Name,
            TransactionId = posted.TransactionId,
            CounterTransactionId = posted.CounterTransactionId,
            Failure = posted.Failure,
        };
        await WriteAsync(connection, adjustment, actor, now, cancel);
        if (posted.Failure is null)
        {
            await exception.ResolveAsync(
                connection, ExceptionStatus.Resolved, actor.Name, adjustment.Reason, now, cancel);
        }

        return new DecisionResult.Decided(adjustment, IsNew: true);
    }

    /// <summary>Also by who proposed it, who so takes it back.</summary>
    public async Task<DecisionResult> RejectAsync(
        NpgsqlConnection connection, Guid id, AuditActor actor, CancellationToken cancel)
    {
        if (await LockAsync(connection, id, cancel) is not var (adjustment, _))
        {
            return new DecisionResult.NotFound();
        }

        if (adjustment.Status != AdjustmentStatus.Proposed)
        {
            return Before(adjustment, adjustment.RejectedBy, actor);
        }

        var now = Now();
        adjustment = adjustment with
        {
            Status = AdjustmentStatus.Rejected,
            DecidedAt = now,
            RejectedBy = actor.Name,
        };
        await WriteAsync(connection, adjustment, actor, now, cancel);
        return new DecisionResult.Decided(adjustment, IsNew: true);
    }

    /// <summary>Posts the reverse of an adjustment. The break is there again, so its exception opens again.</summary>
    public async Task<DecisionResult> UndoAsync(
        NpgsqlConnection connection, Guid id, AuditActor actor, CancellationToken cancel)
    {
        if (await LockAsync(connection, id, cancel) is not var (adjustment, exception))
        {
            return new DecisionResult.NotFound();
        }

        if (adjustment.Status != AdjustmentStatus.Posted)
        {
            return Before(adjustment, adjustment.UndoneBy, actor);
        }

        if (adjustment.Kind != AdjustmentKind.Adjustment)
        {
            return new DecisionResult.NotUndoable("A row that was built from its entries is not made wrong again.");
        }

        var posted = await PostRemainder.UndoAsync(connection, adjustment, cancel);
        if (posted.Failure is { } why)
        {
            return new DecisionResult.NotUndoable(why);
        }

        var now = Now();
        adjustment = adjustment with
        {
            Status = AdjustmentStatus.Undone,
            UndoneAt = now,
            UndoneBy = actor.Name,
            UndoTransactionId = posted.TransactionId,
            UndoCounterTransactionId = posted.CounterTransactionId,
        };
        await WriteAsync(connection, adjustment, actor, now, cancel);
        if (!exception.IsOpen)
        {
            await exception.ReopenAsync(connection, due, now, cancel);
        }

        return new DecisionResult.Decided(adjustment, IsNew: true);
    }

    // Asked again by the same person it is so already; for anybody else it was decided before.
    private static DecisionResult Before(Adjustment adjustment, string? by, AuditActor actor) => by == actor.Name
        ? new DecisionResult.Decided(adjustment, IsNew: false)
        : new DecisionResult.Otherwise(adjustment);

    private static async Task<PostedRemainder> CarryOutAsync(
        NpgsqlConnection connection, Adjustment adjustment, CorrectedException exception, CancellationToken cancel)
    {
        if (adjustment.Kind == AdjustmentKind.RebuildAccountRow)
        {
            return new PostedRemainder(
                null, null, await RebuildAccountRow.ExecuteAsync(connection, adjustment, cancel));
        }

        var remainder = await FlowRemainder.ReadAsync(connection, exception, [], cancel);
        return remainder is { IsPosted: true }
            && remainder.Missing == adjustment.Amount && remainder.CounterMissing == adjustment.CounterAmount
            ? await PostRemainder.ExecuteAsync(connection, exception, remainder, cancel)
            : new PostedRemainder(null, null, "The flow differs from its entries by another amount than was proposed.");
    }

    // A correction's exception never changes, so it can be read before that is locked.
    private static async Task<(Adjustment, CorrectedException)?> LockAsync(
        NpgsqlConnection connection, Guid id, CancellationToken cancel)
    {
        if (await AdjustmentRows.FindAsync(connection, id, cancel) is not { } found
            || await CorrectedException.LockAsync(connection, found.ExceptionId, cancel) is not { } exception)
        {
            return null;
        }

        return (await AdjustmentRows.FindAsync(connection, id, cancel) ?? found, exception);
    }

    private async Task WriteAsync(
        NpgsqlConnection connection, Adjustment adjustment, AuditActor actor, DateTimeOffset now,
        CancellationToken cancel)
    {
        await AdjustmentRows.WriteAsync(connection, adjustment, cancel);
        await CorrectionRecords.WriteAsync(connection, audit, adjustment, actor, now, cancel);
    }

    private DateTimeOffset Now()
    {
        var now = clock.GetUtcNow();
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
    }
}
