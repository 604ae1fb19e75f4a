namespace Recon.Worker.Pausing;

/// <summary>Tells how much a total has grown over the last minute; asked about once a second.</summary>
internal sealed class SettledRate(TimeProvider clock)
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private readonly Queue<(long At, long Total)> _seen = new([(clock.GetTimestamp(), 0)]);

    /// <summary>Remembers the total, and answers by how much it exceeds that of a minute ago.</summary>
    public long LastMinute(long total)
    {
        _seen.Enqueue((clock.GetTimestamp(), total));

        // The newest of those that are a minute old stays: it is what the total is compared with.
        while (_seen.Count > 1 && clock.GetElapsedTime(_seen.ElementAt(1).At) >= Period)
        {
            _seen.Dequeue();
        }

        return total - _seen.Peek().Total;
    }
}
