using Npgsql;
using Payments.Ledger;
using Payments.Ledger.Jobs;

namespace Recon.Worker.Jobs;

/// <summary>
/// Wakes the settlement loop when the API says that there is work. Hearing nothing loses nothing: the loop polls.
/// </summary>
internal sealed class WakeUp(NpgsqlDataSource database, TimeProvider clock, ILogger<WakeUp> logger) : BackgroundService
{
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

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        new Listener(database, [Database.JobsChannel], Signal, clock, logger).RunAsync(stoppingToken);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
