using Payments.Ledger;

namespace Recon.Worker.Reconciliation.Continuous;

/// <summary>
/// Checks the books for as long as the process lives: what is new every few seconds, all of it in a period that depends
/// on its size. Every worker runs one; whichever comes first does the work, and the others wait as long as it does.
/// </summary>
internal sealed class ContinuousChecking(
    VerifyRecent verifyRecent, VerifyAll verifyAll, ContinuousOptions options, TimeProvider clock,
    ILogger<ContinuousChecking> logger) : BackgroundService
{
    private TimeSpan _restAfterPass = options.Interval;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => options.Enabled
        ? Task.WhenAll(RepeatAsync(LookAtRecentAsync, stoppingToken), RepeatAsync(LookAtAllAsync, stoppingToken))
        : Task.CompletedTask;

    private async Task<TimeSpan> LookAtRecentAsync(CancellationToken cancel)
    {
        var started = clock.GetTimestamp();
        if (await verifyRecent.RunIfDueAsync(_restAfterPass, cancel) is { } untilDue)
        {
            return untilDue;
        }

        _restAfterPass = options.RestAfterPass(clock.GetElapsedTime(started));
        return _restAfterPass;
    }

    private async Task<TimeSpan> LookAtAllAsync(CancellationToken cancel)
    {
        await verifyAll.RunIfDueAsync(cancel);
        return options.Interval;
    }

    /// <param name="look">Returns how long it is until the next one.</param>
    private async Task RepeatAsync(Func<CancellationToken, Task<TimeSpan>> look, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            var rest = options.Interval;
            try
            {
                rest = await look(stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Whatever stands in damaged rows: it must not end the process that is to report it.
                logger.LogError(
                    Database.TraceOf(e), "The books are not checked until the next pass: {Reason}", e.Message);
            }

            await Task.Delay(rest, clock, stopping)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
