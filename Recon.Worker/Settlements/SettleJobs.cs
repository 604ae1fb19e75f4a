using System.Diagnostics;
using Npgsql;
using Recon.Worker.Jobs;
using Recon.Worker.Refunds;

namespace Recon.Worker.Settlements;

/// <summary>
/// Settles a claim and confines what cannot be settled: a batch that fails is split until the failing payment stands
/// alone. Only what a job did alone counts against it; a lost lease or a database in trouble never does.
/// </summary>
internal sealed class SettleJobs(
    SettleBatch settleBatch, HeldJobs held, WorkerTelemetry telemetry, WorkerOptions options, TimeProvider clock,
    ILogger<SettleJobs> logger)
{
    /// <summary>Settles what can be settled; when it returns, this worker holds none of the jobs any more.</summary>
    /// <param name="stopping">Ends the work after the transaction at hand; the rest is handed back.</param>
    /// <param name="cancel">Ends also the transaction at hand.</param>
    /// <returns>How many payments were settled.</returns>
    /// <exception cref="NotInTurnException">
    /// Not all of the claim before it was settled; this one was handed back.
    /// </exception>
    /// <exception cref="NpgsqlException">
    /// The database is in trouble; what was still held was handed back if it could be.
    /// </exception>
    public async Task<int> ExecuteAsync(Claim claim, CancellationToken stopping, CancellationToken cancel)
    {
        // What failed before, or was held by a worker that died, runs first and by itself: it must not take others
        // with it, and it is the oldest of its division.
        var open = new Stack<IReadOnlyList<ClaimedJob>>();
        if (claim.Jobs.Where(job => !RunsAlone(job)).ToList() is { Count: > 0 } together)
        {
            open.Push(together);
        }

        foreach (var alone in claim.Jobs.Where(RunsAlone).Reverse())
        {
            open.Push([alone]);
        }

        var run = new Run(claim, cancel);
        try
        {
            return await SettleAllAsync(open, run, stopping);
        }
        finally
        {
            if (open.Count > 0)
            {
                await ReturnAsync([.. open.SelectMany(jobs => jobs)], run, stopping);
            }
        }
    }

    private async Task<int> SettleAllAsync(Stack<IReadOnlyList<ClaimedJob>> open, Run run, CancellationToken stopping)
    {
        var settled = 0;
        while (open.Count > 0 && !stopping.IsCancellationRequested)
        {
            var jobs = open.Peek();
            if (!await KeepAsync(open, run))
            {
                LoseLease(run.Lease, open.Sum(rest => rest.Count));
                open.Clear();
                break;
            }

            var split = jobs.Count == 1 && RunsAlone(jobs[0])
                ? await SettleAloneAsync(jobs[0], run)
                : await SettleTogetherAsync(jobs, run);
            open.Pop();
            settled += split is null ? jobs.Count : 0;
            foreach (var part in split?.Reverse() ?? [])
            {
                open.Push(part);
            }
        }

        return settled;
    }

    /// <returns>Null when it was settled; empty when it was not.</returns>
    private async Task<IReadOnlyList<IReadOnlyList<ClaimedJob>>?> SettleAloneAsync(ClaimedJob job, Run run)
    {
        // Not before its turn: that it waited while its worker died must not count against it.
        await run.Claim.WaitForTurnAsync();

        if (job.Failures >= options.FailureLimit)
        {
            await held.BuryAsync(run.Lease, job, job.Failures, "its worker died each time it ran alone", run.Cancel);
            telemetry.Buried(job);
            return [];
        }

        if (!await held.RunAloneAsync(run.Lease, job, run.Cancel))
        {
            LoseLease(run.Lease, 1);
            return [];
        }

        return await SettleTogetherAsync([job], run);
    }

    /// <returns>
    /// Null when all were settled, else the parts to try next: none when they are out of this worker's hands.
    /// </returns>
    private async Task<IReadOnlyList<IReadOnlyList<ClaimedJob>>?> SettleTogetherAsync(
        IReadOnlyList<ClaimedJob> jobs, Run run)
    {
        using var span = WorkerTelemetry.StartSettlement(jobs.Count);
        var started = clock.GetUtcNow();
        try
        {
            var batch = await settleBatch.ExecuteAsync(run.Claim with { Jobs = jobs }, run.Cancel);
            telemetry.Settled(jobs, batch, started);
            return null;
        }
        catch (LeaseLostException)
        {
            LoseLease(run.Lease, jobs.Count);
            return [];
        }
        catch (Exception e) when (IsFaultOfAJob(e))
        {
            span?.AddException(e).SetStatus(ActivityStatusCode.Error, e.Message);
            if (jobs.Count > 1)
            {
                logger.LogWarning("A batch of {Count} payments failed and is split: {Reason}", jobs.Count, e.Message);
                var half = jobs.Count / 2;
                return [[.. jobs.Take(half)], [.. jobs.Skip(half)]];
            }

            await FailAsync(jobs[0], e, run, started);
            return [];
        }
    }

    private async Task FailAsync(ClaimedJob job, Exception error, Run run, DateTimeOffset started)
    {
        var dead = await held.FailAsync(run.Lease, job, error.Message, run.Cancel);
        using var failed = telemetry.Failed(job, error, started);
        if (dead)
        {
            telemetry.Buried(job);
        }

        logger.LogError(
            error, "Payment {PaymentId} failed alone, failure {Failure} of {Limit}{Outcome}",
            job.PaymentId, job.Failures + 1, options.FailureLimit, dead ? ": it is a dead letter now" : "");
    }

    // Splitting and running alone take time; what waits for its turn must not be lost over it.
    private async Task<bool> KeepAsync(Stack<IReadOnlyList<ClaimedJob>> open, Run run)
    {
        if (clock.GetElapsedTime(run.LeaseStarted) < options.Lease / 3)
        {
            return true;
        }

        run.LeaseStarted = clock.GetTimestamp();
        return await held.ExtendAsync(run.Lease, [.. open.SelectMany(jobs => jobs)], run.Cancel);
    }

    private async Task ReturnAsync(IReadOnlyList<ClaimedJob> jobs, Run run, CancellationToken stopping)
    {
        var returned = 0;
        var left = options.Lease - clock.GetElapsedTime(run.LeaseStarted);
        var error = await HandBack.TryAsync(
            async () => returned = await held.ReturnAsync(run.Lease, jobs, CancellationToken.None), left, clock,
            stopping);
        if (error is null)
        {
            logger.LogInformation("Handed back {Returned} of {Held} payments", returned, jobs.Count);
        }
        else
        {
            logger.LogWarning("{Held} payments stay leased until the lease ends: {Reason}", jobs.Count, error.Message);
        }
    }

    private void LoseLease(long lease, int count)
    {
        telemetry.LeaseLost(count);
        logger.LogWarning("Lease {Lease} over {Count} payments was lost; nothing of them was written", lease, count);
    }

    private static bool RunsAlone(ClaimedJob job) => job.Suspect || job.Failures > 0;

    // Classes of SQLSTATE: 22 data, 23 integrity constraint, 44 check option, P0 raised by a function. All else
    // (connections, locks, timeouts, rights, a missing table) would hit any payment and says nothing about this one.
    // A job may also hold what this worker cannot read, such as a currency that only a newer API knows, and an account
    // a time that no clock shows.
    private static bool IsFaultOfAJob(Exception error) => error switch
    {
        OverflowException or PaymentNotPendingException or RefundNotPendingException => true,
        KeyNotFoundException or ArgumentException or InvalidCastException => true,
        PostgresException postgres => postgres.SqlState[..2] is "22" or "23" or "44" or "P0",
        _ => false,
    };

    private sealed record Run(Claim Claim, CancellationToken Cancel)
    {
        public long Lease => Claim.Lease;

        public long LeaseStarted { get; set; } = Claim.AskedAt;
    }
}
