using Payments.Ledger;

namespace Recon.Worker.Jobs;

/// <summary>
/// Wakes the settlement loop when the API says that there is work. Hearing nothing loses nothing: the loop polls.
/// </summary>
internal sealed class WakeUp(TimeProvider clock) : IHears
{
    private TaskCompletionSource _signal = NewSignal();

    public string Channel => Database.JobsChannel;

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

    public void Hear() => _signal.TrySetResult();

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
