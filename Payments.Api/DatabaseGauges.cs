using Payments.Ledger;

namespace Payments.Api;

/// <summary>
/// Gauges of what the database knows. They are read every few seconds and not when somebody asks, so that a scrape
/// never waits for the database; while it is away nothing is reported, rather than what is no longer known.
/// </summary>
internal abstract class DatabaseGauges(TimeSpan interval, TimeProvider clock, ILogger logger) : BackgroundService
{
    /// <summary>Reads them now.</summary>
    public abstract Task RefreshAsync(CancellationToken cancel);

    /// <summary>Reports nothing until they are read again.</summary>
    protected abstract void Forget();

    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RefreshAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                Forget();
                logger.LogDebug(
                    Database.TraceOf(e), "{Gauges} are not read now: {Reason}", GetType().Name, e.Message);
            }

            await Task.Delay(interval, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
