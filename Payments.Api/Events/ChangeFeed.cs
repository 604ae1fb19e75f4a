using System.Collections.Concurrent;

namespace Payments.Api.Events;

/// <summary>What a live screen may want to fetch again.</summary>
[Flags]
internal enum Change
{
    None = 0,

    /// <summary>A payment was created or settled.</summary>
    Payments = 1,

    /// <summary>A balance, or what is pending on it, moved.</summary>
    Accounts = 2,

    /// <summary>A run, a check or an exception of reconciliation was written.</summary>
    Reconciliation = 4,

    /// <summary>A deposit, conversion or withdrawal was recorded or ended.</summary>
    Flows = 8,

    All = Payments | Accounts | Reconciliation | Flows,
}

/// <summary>
/// Tells everyone who listens that something changed. Publishing sets a flag per listener and never waits, so a slow
/// listener delays nobody and misses nothing: what happened meanwhile is one change when it looks again.
/// </summary>
internal sealed class ChangeFeed
{
    /// <summary>Most listeners at a time; each holds a connection.</summary>
    public const int MostListeners = 1_000;

    private readonly ConcurrentDictionary<Listener, byte> _listeners = new();

    public void Publish(Change change)
    {
        if (_listeners.IsEmpty)
        {
            return;
        }

        foreach (var (listener, _) in _listeners)
        {
            listener.Add(change);
        }
    }

    /// <summary>A listener until it is disposed; null when there are too many.</summary>
    public Listener? Listen()
    {
        if (_listeners.Count >= MostListeners)
        {
            return null;
        }

        var listener = new Listener(this);
        _listeners.TryAdd(listener, 0);
        return listener;
    }

    internal sealed class Listener(ChangeFeed feed) : IDisposable
    {
        // Never disposed: a change may be on its way to a listener that has just left, and it holds no handle.
        private readonly SemaphoreSlim _signal = new(0);
        private int _changes;

        /// <summary>Waits for a change; <see cref="Change.None"/> when there was none in time.</summary>
        public async Task<Change> NextAsync(TimeSpan longest, CancellationToken cancel)
        {
            await _signal.WaitAsync(longest, cancel);
            return (Change)Interlocked.Exchange(ref _changes, 0);
        }

        public void Add(Change change)
        {
            // Only the change from none to some signals. A signal that a timeout has overtaken wakes the listener once
            // more for nothing.
            if (Interlocked.Or(ref _changes, (int)change) == 0)
            {
                _signal.Release();
            }
        }

        public void Dispose() => feed._listeners.TryRemove(this, out _);
    }
}
