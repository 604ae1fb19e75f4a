namespace Recon.Worker.Pausing;

/// <summary>
/// Whether this worker may claim: a flag in memory, so that asking costs nothing. <see cref="PauseWatch"/> keeps it in
/// step with the database. Until that has looked for the first time, the worker may not: the queue may be paused.
/// </summary>
internal sealed class PauseSwitch(TimeProvider clock)
{
    private readonly Lock _changing = new();
    private TaskCompletionSource _opened = NewSignal();
    private volatile bool _isOpen;
    private volatile bool _isKnown;
    private volatile bool _isHalted;

    /// <summary>Whether the worker may claim.</summary>
    public bool IsOpen => _isOpen;

    /// <summary>Whether the loop has come to rest because it may not claim: it holds nothing.</summary>
    public bool IsHalted => _isHalted;

    /// <summary>What the database says, from now on.</summary>
    /// <returns>Whether that is news.</returns>
    public bool Set(bool paused)
    {
        lock (_changing)
        {
            var isNews = !_isKnown || _isOpen == paused;
            _isKnown = true;
            if (!paused)
            {
                _isHalted = false;
                _isOpen = true;
                _opened.TrySetResult();
            }
            else if (_isOpen)
            {
                _opened = NewSignal();
                _isOpen = false;
            }

            return isNews;
        }
    }

    /// <summary>
    /// Says that the worker holds nothing, and waits until it may claim, but not longer than
    /// <paramref name="longest"/>.
    /// </summary>
    /// <returns>Whether it is a pause; false while the database has not said yet.</returns>
    public async Task<bool> HaltAsync(TimeSpan longest, CancellationToken cancel)
    {
        Task opened;
        lock (_changing)
        {
            opened = _opened.Task;
            _isHalted = !_isOpen;
        }

        await opened.WaitAsync(longest, clock, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return _isKnown;
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
