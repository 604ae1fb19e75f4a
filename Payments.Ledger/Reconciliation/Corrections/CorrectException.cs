using Npgsql;
using Payments.Ledger.Audit;

namespace Payments.Ledger.Reconciliation.Corrections;

/// <summary>A correction that somebody asks for.</summary>
/// <param name="Kind">One of <see cref="AdjustmentKind"/>.</param>
/// <param name="Version">Of the exception as its reader saw it; null: as it is.</param>
public sealed record Proposal(Guid ExceptionId, string Kind, string Reason, AuditActor Actor, int? Version = null);

/// <summary>Every way in which the proposal of a correction can end.</summary>
public abstract record ProposalResult
{
    /// <summary>
    /// It is posted, waits for a second person, or was tried and taken back: all three are to be committed.
    /// </summary>
    /// <param name="IsNew">False: the same was proposed before, and nothing was done now.</param>
    public sealed record Recorded(Adjustment Adjustment, bool IsNew) : ProposalResult;

    public sealed record ExceptionNotFound : ProposalResult;

    /// <summary>It was changed since its reader saw it.</summary>
    public sealed record ExceptionChanged(int Version) : ProposalResult;

    public sealed record ExceptionOver(string Status) : ProposalResult;

    /// <summary>Another proposal waits already.</summary>
    public sealed record OtherProposed(Adjustment Adjustment) : ProposalResult;

    /// <param name="Why">A sentence.</param>
    public sealed record NotCorrectable(string Why) : ProposalResult;
}

/// <summary>
/// Corrects what an exception is about, within the connection's open transaction: a remainder within the limits is
/// posted at once, anything else waits for a second person. The exception's row is locked first and the accounts' last.
/// </summary>
public sealed class CorrectException(CorrectionOptions options, AuditLog audit, TimeProvider clock)
{
    /// <summary>Who corrects when nobody asked for it.</summary>
    public static AuditActor Service { get; } = new("reconciliation");

    public async Task<ProposalResult> ExecuteAsync(
        NpgsqlConnection connection, Proposal proposal, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(proposal);
        if (await CorrectedException.LockAsync(connection, proposal.ExceptionId, cancel) is not { } exception)
        {
            return new ProposalResult.ExceptionNotFound();
        }

        // A repetition comes before the version: the first try has moved it.
        if (await AdjustmentRows.FindOpenAsync(connection, exception.Id, cancel) is { } open)
        {
            return open.Kind == proposal.Kind && open.ProposedBy == proposal.Actor.Name
                ? new ProposalResult.Recorded(open, IsNew: false)
                : new ProposalResult.OtherProposed(open);
        }

        if (!exception.IsOpen)
        {
            return new ProposalResult.ExceptionOver(exception.Status);
        }

        if (proposal.Version is { } version && version != exception.Version)
        {
            return new ProposalResult.ExceptionChanged(exception.Version);
        }

        return proposal.Kind == AdjustmentKind.RebuildAccountRow
            ? await ProposeRebuildAsync(connection, exception, proposal, cancel)
            : await AdjustAsync(connection, exception, proposal, cancel);
    }

    private async Task<ProposalResult> ProposeRebuildAsync(
        NpgsqlConnection connection, CorrectedException exception, Proposal proposal, CancellationToken cancel)
    {
        if (!exception.IsAccountRow)
        {
            return new ProposalResult.NotCorrectable(
                "Only the row of an account that disagrees with its entries can be rebuilt.");
        }

        return await RebuildAccountRow.ReadAsync(connection, exception.AccountId!.Value, cancel) switch
        {
            null => new ProposalResult.NotCorrectable("The account does not exist."),
            { IsExact: false } => new ProposalResult.NotCorrectable(
                "The entries of the account do not replay, so no row can be built from them."),
            { Agrees: true } => new ProposalResult.NotCorrectable("The row agrees with its entries."),
            var replay => await RecordAsync(
                connection, exception, New(exception, proposal, needsApproval: true) with
                {
                    Amount = replay.Replayed - replay.Balance,
                    AccountId = replay.Id,
                    Account = replay.Name,
                }, proposal.Actor, cancel),
        };
    }

    private async Task<ProposalResult> AdjustAsync(
        NpgsqlConnection connection, CorrectedException exception, Proposal proposal, CancellationToken cancel)
    {
        if (!exception.IsRemainder)
        {
            return new ProposalResult.NotCorrectable(
                "Only a deposit, conversion or withdrawal that is posted with another amount can be adjusted.");
        }

        if (await FlowRemainder.ReadAsync(connection, exception, [], cancel) is not { IsPosted: true } remainder)
        {
            return new ProposalResult.NotCorrectable("The flow is no longer posted with another amount.");
        }

        if (remainder.Missing == 0)
        {
            return new ProposalResult.NotCorrectable("Nothing is left to adjust: the flow and its entries agree.");
        }

        if (exception.AccountId is not { } accountId)
        {
            return new ProposalResult.NotCorrectable("The account does not exist.");
        }

        var adjustment = New(exception, proposal, needsApproval: false) with
        {
            Amount = remainder.Missing,
            CounterAmount = remainder.CounterMissing,
            AccountId = accountId,
            Account = remainder.Account,
            CounterAccount = remainder.CounterMissing == 0 ? null : remainder.Counter,
            Corrects = remainder.TransactionId,
        };
        if (!await IsWithinLimitsAsync(connection, adjustment, cancel))
        {
            adjustment = adjustment with { NeedsApproval = true };
            return await RecordAsync(connection, exception, adjustment, proposal.Actor, cancel);
        }

        var posted = await PostRemainder.ExecuteAsync(connection, exception, remainder, cancel);
        adjustment = adjustment with
        {
            Status = posted.Failure is null ? AdjustmentStatus.Posted : AdjustmentStatus.Failed,
            DecidedAt = adjustment.CreatedAt,
            TransactionId = posted.TransactionId,
            CounterTransactionId = posted.CounterTransactionId,
            Failure = posted.Failure,
        };
        return await RecordAsync(connection, exception, adjustment, proposal.Actor, cancel);
    }

    private async Task<bool> IsWithinLimitsAsync(
        NpgsqlConnection connection, Adjustment adjustment, CancellationToken cancel)
    {
        var units = Currency.Get(adjustment.Currency).MinorPerMajor;
        if (adjustment.Size > options.MostEach * units)
        {
            return false;
        }

        var today = new DateTimeOffset(adjustment.CreatedAt.UtcDateTime.Date, TimeSpan.Zero);
        var before = await AdjustmentRows.AdjustedAloneAsync(connection, adjustment.Currency, today, cancel);
        return before + adjustment.Size <= options.MostPerDay * units;
    }

    private async Task<ProposalResult> RecordAsync(
        NpgsqlConnection connection, CorrectedException exception, Adjustment adjustment, AuditActor actor,
        CancellationToken cancel)
    {
        await AdjustmentRows.InsertAsync(connection, adjustment, cancel);
        await CorrectionRecords.WriteAsync(connection, audit, adjustment, actor, adjustment.CreatedAt, cancel);
        if (adjustment.Status == AdjustmentStatus.Posted)
        {
            var status = actor == Service ? ExceptionStatus.AutoCorrected : ExceptionStatus.Resolved;
            await exception.ResolveAsync(
                connection, status, actor.Name, adjustment.Reason, adjustment.CreatedAt, cancel);
        }

        return new ProposalResult.Recorded(adjustment, IsNew: true);
    }

    private Adjustment New(CorrectedException exception, Proposal proposal, bool needsApproval)
    {
        // To the microsecond that the database keeps, so that what is answered is what is stored.
        var now = clock.GetUtcNow();
        now = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
        return new Adjustment(
            TimeOrderedId.New(now), exception.Id, proposal.Kind, AdjustmentStatus.Proposed, 0, 0, exception.Currency!,
            0, exception.AccountName ?? "", null, needsApproval, null, null, null, null, null, proposal.Reason, null,
            proposal.Actor.Name, null, null, null, now, null, null);
    }
}
