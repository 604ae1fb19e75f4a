using Npgsql;
using Payments.Ledger;

namespace Recon.Worker.Jobs;

/// <summary>
/// Wakes the settlement loop when the API says that there is work. Hearing nothing loses nothing: the loop polls.
/// </summary>
internal sealed class WakeUp(NpgsqlDataSource database, TimeProvider clock, ILogger<WakeUp> logger) : BackgroundService
{
    private static readonly TimeSpan ReconnectDelay = TimeSpan.FromSeconds(1);

    private TaskCompletionSource _signal = NewSignal();

    /// <summary>Waits for a wake-up since the last call, but not longer than <paramref name="longest"/>.</summary>
    public async Task WaitAsync(TimeSpan longest, CancellationToken cancel)
    {
        var signal = _signal.Task;
        await signal.WaitAsync(longest, clock, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (signal.IsCompleted)
        {
            Interlocked.Exchange(ref _signal, NewSignal());
        }
    }

    public void Signal() => _signal.TrySetResult();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is NpgsqlException or IOException)
            {
                logger.LogWarning(
                    "Not listening for wake-ups, polling until the database answers: {Reason}", e.Message);
                await Task.Delay(ReconnectDelay, clock, stoppingToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ListenAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        connection.Notification += (_, _) => Signal();
        await using (var listen = new NpgsqlCommand($"LISTEN {Database.JobsChannel}", connection))
        {
            await listen.ExecuteNonQueryAsync(cancel);
        }

        // Whatever was said while nobody listened is found by looking once.
        Signal();
        while (true)
        {
            await connection.WaitAsync(cancel);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
