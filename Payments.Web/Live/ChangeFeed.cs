using System.Collections.Concurrent;

namespace Payments.Web.Live;

/// <summary>What a signal says has changed; several at once when signals were missed.</summary>
[Flags]
public enum Changes
{
    None = 0,
    Payments = 1,
    Accounts = 2,
    Flows = 4,
    Reconciliation = 8,
    All = Payments | Accounts | Flows | Reconciliation,
}

/// <summary>
/// Tells the screens of this process that what they show may have changed. There is one per process, fed by one
/// listener, however many screens are open.
/// </summary>
public sealed class ChangeFeed(ILogger<ChangeFeed> log)
{
    private readonly ConcurrentDictionary<Subscription, Func<Task>> _subscribers = [];

    /// <summary>True while signals arrive; false while they are made up for by a slow poll.</summary>
    public bool IsLive { get; private set; }

    /// <summary>Raised on any thread when <see cref="IsLive"/> changes.</summary>
    public event EventHandler? LivenessChanged;

    /// <summary>
    /// Calls back after every signal of the given kinds, until disposed. Callbacks run on any thread, and must not
    /// take long before their first await.
    /// </summary>
    public IDisposable Subscribe(Changes kinds, Func<Task> onChange)
    {
        var subscription = new Subscription(this, kinds);
        _subscribers[subscription] = onChange;
        return subscription;
    }

    public void Publish(Changes changes)
    {
        foreach (var (subscription, onChange) in _subscribers)
        {
            if ((subscription.Kinds & changes) != Changes.None)
            {
                _ = NotifyAsync(onChange);
            }
        }
    }

    public void SetLive(bool isLive)
    {
        if (IsLive != isLive)
        {
            IsLive = isLive;
            LivenessChanged?.Invoke(this, EventArgs.Empty);
        }
    }

    // One screen's failure must reach neither the listener nor the other screens.
    private async Task NotifyAsync(Func<Task> onChange)
    {
        try
        {
            await onChange();
        }
        catch (ObjectDisposedException)
        {
            // The screen was closed between the signal and its delivery.
        }
        catch (Exception error)
        {
            log.LogError(error, "A screen failed to refresh");
        }
    }

    private sealed class Subscription(ChangeFeed feed, Changes kinds) : IDisposable
    {
        public Changes Kinds => kinds;

        public void Dispose() => feed._subscribers.TryRemove(this, out _);
    }
}
