namespace Recon.Worker.Webhooks;

/// <summary>
/// Bounds what this process sends to one target at a time, so that a slow one holds up nobody else. Who finds no room
/// is told when to come back; the times are laid out at the rate at which the target answers, so that a long row of
/// deliveries is not asked after again and again.
/// </summary>
internal sealed class TargetTurns(int mostAtATime, TimeProvider clock)
{
    private const double NewestWeight = 0.2;

    private static readonly TimeSpan ShortestWait = TimeSpan.FromSeconds(0.25);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);

    private readonly Dictionary<Guid, Row> _rows = [];
    private readonly Lock _lock = new();

    /// <summary>A turn to be ended by disposal; null with the time after which to try again.</summary>
    public IDisposable? TryEnter(Guid targetId, out TimeSpan wait)
    {
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            if (!_rows.TryGetValue(targetId, out var row))
            {
                _rows[targetId] = row = new Row();
            }

            if (row.Inside < mostAtATime)
            {
                row.Inside++;
                wait = default;
                return new Turn(this, targetId, clock.GetTimestamp());
            }

            row.NextFree = (row.NextFree > now ? row.NextFree : now) + (row.Takes / mostAtATime);
            wait = Bounded(row.NextFree - now);
            return null;
        }
    }

    private static TimeSpan Bounded(TimeSpan wait) =>
        wait < ShortestWait ? ShortestWait : wait > LongestWait ? LongestWait : wait;

    private void Leave(Guid targetId, long entered)
    {
        lock (_lock)
        {
            var row = _rows[targetId];
            row.Inside--;
            row.Takes += (clock.GetElapsedTime(entered) - row.Takes) * NewestWeight;
            if (row.Inside == 0 && row.NextFree <= clock.GetUtcNow())
            {
                _rows.Remove(targetId);
            }
        }
    }

    private sealed class Row
    {
        public int Inside { get; set; }

        /// <summary>How long a delivery takes, of late.</summary>
        public TimeSpan Takes { get; set; } = TimeSpan.FromSeconds(0.2);

        public DateTimeOffset NextFree { get; set; }
    }

    private sealed class Turn(TargetTurns turns, Guid targetId, long entered) : IDisposable
    {
        public void Dispose() => turns.Leave(targetId, entered);
    }
}
