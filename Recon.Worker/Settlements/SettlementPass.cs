using Payments.Ledger;
using Recon.Worker.Jobs;

namespace Recon.Worker.Settlements;

/// <summary>
/// One pass of the worker: look, claim, settle. The loop repeats it; tests drive it one by one. Where a single division
/// is left, the next pass is begun while this one settles: its batch is claimed and its jobs are held, and it goes on
/// when this one is committed.
/// </summary>
internal sealed class SettlementPass(
    ClaimJobs claimJobs, SettleJobs settleJobs, Heartbeat heartbeat, WorkerTelemetry telemetry, WorkerOptions options,
    TimeProvider clock, ILogger<SettlementPass> logger)
{
    private readonly DivisionPlan _plan = new(clock, options.Poll);
    private Batch? _ahead;
    private long _settled;

    /// <summary>How many payments this process has settled.</summary>
    public long Settled => Interlocked.Read(ref _settled);

    /// <param name="stopping">Ends the pass after the transaction at hand.</param>
    /// <param name="cancel">Ends also the transaction at hand.</param>
    public async Task<PassOutcome> RunOnceAsync(CancellationToken stopping, CancellationToken cancel)
    {
        _plan.Share(heartbeat.Share.Rank, heartbeat.Share.Living);
        var batch = TakeAhead();
        if (batch is null || (await batch.Claimed).Claim.Jobs.Count == 0)
        {
            batch = Begin(_plan.Next(), Task.FromResult(true), stopping, cancel);
        }

        var (claim, contested) = await batch.Claimed;
        if (claim.Jobs.Count == 0)
        {
            return contested ? PassOutcome.Contested : PassOutcome.Idle;
        }

        var isFull = claim.Jobs.Count >= options.BatchSize;
        _plan.Claimed(claim.Jobs, batch.Order, isFull);
        _ahead = _plan.Ahead() is { } order ? Begin(order, batch.IsWholeAsync(), stopping, cancel) : null;
        try
        {
            var settled = await batch.Settled;
            return settled == 0 ? PassOutcome.Nothing : isFull ? PassOutcome.Settled : PassOutcome.SettledAll;
        }
        finally
        {
            if (!await batch.IsWholeAsync())
            {
                await EndAsync();
            }
        }
    }

    /// <summary>
    /// Ends what was begun for the next pass: settles it, unless the pass before it failed or the worker stops; then it
    /// is handed back. This worker holds nothing after it.
    /// </summary>
    /// <returns>How many payments it settled.</returns>
    public async Task<int> EndAsync()
    {
        _plan.Forget();
        try
        {
            return TakeAhead() is { } batch ? await batch.Settled : 0;
        }
        catch (NotInTurnException)
        {
            return 0;
        }
        catch (Exception e)
        {
            logger.LogWarning(Database.TraceOf(e), "The batch that was begun ahead failed: {Reason}", e.Message);
            return 0;
        }
    }

    private Batch? TakeAhead()
    {
        var ahead = _ahead;
        _ahead = null;
        return ahead;
    }

    private Batch Begin(
        DivisionOrder order, Task<bool> isInTurn, CancellationToken stopping, CancellationToken cancel)
    {
        var claimed = claimJobs.ExecuteAsync(order, cancel);
        return new Batch(order, claimed, SettleAsync(claimed, isInTurn, stopping, cancel));
    }

    private async Task<int> SettleAsync(
        Task<(Claim Claim, bool Contested)> claimed,
        Task<bool> isInTurn,
        CancellationToken stopping,
        CancellationToken cancel)
    {
        var (claim, _) = await claimed;
        if (claim.Jobs.Count == 0)
        {
            return 0;
        }

        using var span = telemetry.Claimed(claim);
        var settled = await settleJobs.ExecuteAsync(claim with { IsInTurn = isInTurn }, stopping, cancel);
        Interlocked.Add(ref _settled, settled);
        return settled;
    }

    private sealed record Batch(
        DivisionOrder Order, Task<(Claim Claim, bool Contested)> Claimed, Task<int> Settled)
    {
        /// <summary>Whether all of it was settled; does not fail when that did.</summary>
        public async Task<bool> IsWholeAsync()
        {
            await ((Task)Settled).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return Settled.IsCompletedSuccessfully && await Settled == (await Claimed).Claim.Jobs.Count;
        }
    }
}

internal enum PassOutcome
{
    /// <summary>No job was due anywhere this worker looked.</summary>
    Idle,

    /// <summary>Another worker was claiming where this one looked: there may be work in a moment.</summary>
    Contested,

    /// <summary>Jobs were claimed, but none of them could be settled.</summary>
    Nothing,

    /// <summary>Payments were settled, and there were more than one batch holds.</summary>
    Settled,

    /// <summary>All payments that were due were settled.</summary>
    SettledAll,
}
