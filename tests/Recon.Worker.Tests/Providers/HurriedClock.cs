using System.Collections.Concurrent;

namespace Recon.Worker.Tests.Providers;

/// <summary>The system's clock, except that it can be put forward, and that some waits are over at once.</summary>
internal sealed class HurriedClock : TimeProvider
{
    private TimeSpan _ahead;

    /// <summary>The time limits that are kept; every other wait is noted in <see cref="Waits"/>.</summary>
    public IReadOnlyCollection<TimeSpan>? Keeps { get; init; }

    /// <summary>Waits that took no time.</summary>
    public ConcurrentQueue<TimeSpan> Waits { get; } = [];

    public void PutForward(TimeSpan time) => _ahead += time;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + _ahead;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime > TimeSpan.Zero && Keeps?.Contains(dueTime) == false)
        {
            Waits.Enqueue(dueTime);
            dueTime = TimeSpan.Zero;
        }

        return System.CreateTimer(callback, state, dueTime, period);
    }
}
