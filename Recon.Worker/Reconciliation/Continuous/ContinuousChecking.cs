using Npgsql;

namespace Recon.Worker.Reconciliation.Continuous;

/// <summary>
/// Checks the books for as long as the process lives: what is new every few seconds, all of it in a period that depends
/// on its size. Every worker runs one; whichever comes first does the work.
/// </summary>
internal sealed class ContinuousChecking(
    VerifyRecent verifyRecent, VerifyAll verifyAll, KnownBreaks known, ContinuousOptions options, TimeProvider clock,
    ILogger<ContinuousChecking> logger) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => options.Enabled
        ? Task.WhenAll(
            RepeatAsync(token => verifyRecent.RunOnceAsync(token), options.RestAfterPass, stoppingToken),
            RepeatAsync(token => verifyAll.RunIfDueAsync(token), _ => options.Interval, stoppingToken))
        : Task.CompletedTask;

    private async Task RepeatAsync(
        Func<CancellationToken, Task> pass, Func<TimeSpan, TimeSpan> restAfter, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            var started = clock.GetTimestamp();
            try
            {
                await pass(stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is NpgsqlException or InvalidOperationException or TimeoutException)
            {
                known.Forget();
                logger.LogWarning("The books are not checked until the next pass: {Reason}", e.Message);
            }

            await Task.Delay(restAfter(clock.GetElapsedTime(started)), clock, stopping)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
