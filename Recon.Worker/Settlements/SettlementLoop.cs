using Microsoft.Extensions.Diagnostics.HealthChecks;
using Payments.Ledger.Jobs;
using Recon.Worker.Jobs;
using Recon.Worker.Pausing;

namespace Recon.Worker.Settlements;

/// <summary>
/// Settles while there is work, and else waits to be woken or for the next poll. A database that is away is waited
/// for, however long it takes. While it is paused it claims nothing, and is as healthy as ever.
/// </summary>
internal sealed class SettlementLoop(
    SettlementPass pass,
    WakeUp wakeUp,
    Notifier changes,
    PauseSwitch pause,
    WorkerIdentity worker,
    WorkerOptions options,
    TimeProvider clock,
    ILogger<SettlementLoop> logger) : BackgroundService, IHealthCheck
{
    private static readonly TimeSpan ContestedDelay = TimeSpan.FromMilliseconds(10);

    // A worker that takes what little there is again and again spends its time on beginning and ending batches, and
    // takes it from those who create payments. So it rests as long as it worked while batches are small: when the
    // machine is busy batches take longer, and grow by that; when it is idle nobody notices the rest.
    private static readonly TimeSpan RestMax = TimeSpan.FromMilliseconds(30);

    private static readonly TimeSpan TroubleDelayMax = TimeSpan.FromSeconds(5);

    // What a transaction at hand is given to end by itself when the process is asked to stop.
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(4);

    private long _lastPass = clock.GetTimestamp();

    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var silence = clock.GetElapsedTime(Interlocked.Read(ref _lastPass));
        return Task.FromResult(silence < options.Lease + (options.Poll * 2)
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy(
                FormattableString.Invariant($"The last pass ended {silence.TotalSeconds:0} s ago.")));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        logger.LogInformation("Recon worker {Worker} started", worker.Id);
        using var cancel = new CancellationTokenSource();
        await using var patience = stoppingToken.Register(() => cancel.CancelAfter(StopPatience));

        var trouble = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (pause.IsOpen)
                {
                    await PassAsync(stoppingToken, cancel.Token);
                    trouble = 0;
                }
                else
                {
                    await HaltAsync(stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e)
            {
                // Whatever stands in a row: it must not end the process, and the next that takes the row, and so on.
                trouble++;
                logger.LogWarning(e, "Settlement is waiting for the database, try {Try}", trouble);
                await DelayAsync(TroubleDelay(trouble), stoppingToken);
            }
        }

        await pass.EndAsync();
        logger.LogInformation("Recon worker {Worker} stopped", worker.Id);
    }

    private async Task PassAsync(CancellationToken stopping, CancellationToken cancel)
    {
        var started = clock.GetTimestamp();
        var outcome = await pass.RunOnceAsync(stopping, cancel);
        var ended = clock.GetTimestamp();
        Interlocked.Exchange(ref _lastPass, ended);
        switch (outcome)
        {
            case PassOutcome.SettledAll:
                changes.Signal();
                await DelayAsync(Rest(clock.GetElapsedTime(started, ended)), stopping);
                break;
            case PassOutcome.Settled:
                changes.Signal();
                break;
            case PassOutcome.Contested:
                await DelayAsync(ContestedDelay, stopping);
                break;
            case PassOutcome.Nothing:
            case PassOutcome.Idle:
                await wakeUp.WaitAsync(options.Poll, stopping);
                break;
        }
    }

    private async Task HaltAsync(CancellationToken stopping)
    {
        if (await pass.EndAsync() > 0)
        {
            changes.Signal();
        }

        if (await pause.HaltAsync(options.Poll, stopping))
        {
            Interlocked.Exchange(ref _lastPass, clock.GetTimestamp());
        }
    }

    private static TimeSpan Rest(TimeSpan work) => work < RestMax ? work : RestMax;

    private static TimeSpan TroubleDelay(int attempt)
    {
        var milliseconds = 100 * Math.Pow(2, Math.Min(attempt, 10));
        return TimeSpan.FromMilliseconds(Math.Min(TroubleDelayMax.TotalMilliseconds, milliseconds));
    }

    private async Task DelayAsync(TimeSpan delay, CancellationToken cancel) =>
        await Task.Delay(delay, clock, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
