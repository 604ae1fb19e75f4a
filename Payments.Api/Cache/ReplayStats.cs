namespace Payments.Api.Cache;

/// <summary>
/// Counts, for this process, what repeated requests were answered with: replays in all, and how often the answer was
/// held in memory. A cache of finished answers tells it of every look and of the keys that it holds.
/// </summary>
internal sealed class ReplayStats(TimeProvider clock)
{
    private readonly DateTimeOffset _since = clock.GetUtcNow();
    private long _replays;
    private long _hits;
    private long _misses;
    private long _keysHeld;

    /// <summary>A finished answer was given once more, from wherever it came.</summary>
    public void Replayed() => Interlocked.Increment(ref _replays);

    /// <summary>The cache was asked for the answer of a key.</summary>
    public void LookedUp(bool found) => Interlocked.Increment(ref found ? ref _hits : ref _misses);

    /// <summary>The cache holds so many keys now.</summary>
    public void Holds(long keys) => Interlocked.Exchange(ref _keysHeld, keys);

    public CacheStatsAnswer Read()
    {
        var hits = Interlocked.Read(ref _hits);
        var looks = hits + Interlocked.Read(ref _misses);
        return new CacheStatsAnswer(
            Interlocked.Read(ref _replays),
            Interlocked.Read(ref _keysHeld),
            hits,
            looks - hits,
            looks == 0 ? null : Math.Round((double)hits / looks, 4),
            _since);
    }
}

/// <summary>What this process has replayed since it started.</summary>
/// <param name="ReplaysServed">Repeated requests that were given the first one's answer.</param>
/// <param name="KeysHeld">Keys whose finished answers are held in memory; those never change.</param>
/// <param name="HitRate">Hits among all looks into memory, 0 to 1; null before the first.</param>
internal sealed record CacheStatsAnswer(
    long ReplaysServed, long KeysHeld, long Hits, long Misses, double? HitRate, DateTimeOffset Since);
