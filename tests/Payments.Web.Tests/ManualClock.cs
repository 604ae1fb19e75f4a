namespace Payments.Web.Tests;

/// <summary>A clock whose timers fire when the test moves it.</summary>
internal sealed class ManualClock : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<Timer> _timers = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private DateTimeOffset _now = new(2026, 3, 1, 10, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => _now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Waits until something waits for exactly this long, then lets that time pass.</summary>
    public async Task PassAsync(TimeSpan awaited)
    {
        while (true)
        {
            List<Timer> due = [];
            Task changed;

            lock (_lock)
            {
                changed = _changed.Task;

                if (_timers.Exists(timer => timer.Due == _now + awaited))
                {
                    _now += awaited;
                    due = _timers.FindAll(timer => timer.Due <= _now);
                    _timers.RemoveAll(timer => timer.Due <= _now);
                }
            }

            if (due.Count > 0)
            {
                due.ForEach(timer => timer.Fire());
                return;
            }

            await changed.WaitAsync(TimeSpan.FromSeconds(10));
        }
    }

    private void Set(Timer timer, TimeSpan dueTime)
    {
        lock (_lock)
        {
            _timers.Remove(timer);

            if (dueTime >= TimeSpan.Zero)
            {
                timer.Due = _now + dueTime;
                _timers.Add(timer);
            }

            var changed = _changed;
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
            changed.SetResult();
        }
    }

    private sealed class Timer(ManualClock clock, Action fire) : ITimer
    {
        public DateTimeOffset Due { get; set; }

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            clock.Set(this, dueTime);
            return true;
        }

        public void Dispose() => clock.Set(this, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
