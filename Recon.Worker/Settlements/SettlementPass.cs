using Recon.Worker.Jobs;

namespace Recon.Worker.Settlements;

/// <summary>One pass of the worker: look, claim, settle. The loop repeats it; tests drive it one by one.</summary>
internal sealed class SettlementPass(
    ClaimJobs claimJobs, SettleJobs settleJobs, Heartbeat heartbeat, WorkerTelemetry telemetry, WorkerOptions options,
    TimeProvider clock)
{
    private readonly DivisionPlan _plan = new(clock, options.Poll);
    private long _settled;

    /// <summary>How many payments this process has settled.</summary>
    public long Settled => Interlocked.Read(ref _settled);

    /// <param name="stopping">Ends the pass after the transaction at hand.</param>
    /// <param name="cancel">Ends also the transaction at hand.</param>
    public async Task<PassOutcome> RunOnceAsync(CancellationToken stopping, CancellationToken cancel)
    {
        _plan.Share(heartbeat.Share.Rank, heartbeat.Share.Living);
        var order = _plan.Next();
        var started = clock.GetUtcNow();
        var (claim, contested) = await claimJobs.ExecuteAsync(order, cancel);
        if (claim.Jobs.Count == 0)
        {
            return contested ? PassOutcome.Contested : PassOutcome.Idle;
        }

        var isFull = claim.Jobs.Count >= options.BatchSize;
        using var batch = telemetry.Claimed(claim, started);
        _plan.Claimed(claim.Jobs, order, isFull);
        try
        {
            var settled = await settleJobs.ExecuteAsync(claim, stopping, cancel);
            Interlocked.Add(ref _settled, settled);
            if (settled < claim.Jobs.Count)
            {
                _plan.Forget();
            }

            return settled == 0 ? PassOutcome.Nothing : isFull ? PassOutcome.Settled : PassOutcome.SettledAll;
        }
        catch
        {
            _plan.Forget();
            throw;
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
