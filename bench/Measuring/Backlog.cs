namespace Payments.Bench.Measuring;

/// <summary>How many payments wait, watched over time.</summary>
/// <param name="countCreated">Created so far.</param>
/// <param name="countSettled">Settled so far.</param>
/// <param name="lookDelay">Between two looks, which take part of the server's time.</param>
/// <param name="limit">With more than this waiting, no more are to be created.</param>
internal sealed class Backlog(
    Func<long> countCreated, Func<CancellationToken, Task<long>> countSettled, long limit, TimeSpan lookDelay)
{
    private readonly List<(double Seconds, long Waiting)> _looks = [];
    private long _settled = long.MaxValue;

    /// <summary>
    /// Of what was settled by the last look and what is created by now: between two looks no flood comes in.
    /// </summary>
    public bool IsBelowLimit => countCreated() - Interlocked.Read(ref _settled) < limit;

    /// <summary>Looks until it is told to stop.</summary>
    public async Task WatchAsync(CancellationToken stop)
    {
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var settled = await countSettled(stop);
                Interlocked.Exchange(ref _settled, settled);
                _looks.Add((clock.GetElapsedTime(started).TotalSeconds, countCreated() - settled));
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }

            await Task.Delay(lookDelay, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>
    /// Payments a second by which the backlog grew over the last <paramref name="length"/>: the slope of the line
    /// through all looks. To be asked when nobody watches any more.
    /// </summary>
    public double GrowthPerSecond(TimeSpan length)
    {
        var looks = _looks.Where(look => look.Seconds >= _looks[^1].Seconds - length.TotalSeconds).ToList();
        var time = looks.Average(look => look.Seconds);
        var waiting = looks.Average(look => look.Waiting);
        return looks.Sum(look => (look.Seconds - time) * (look.Waiting - waiting))
            / looks.Sum(look => (look.Seconds - time) * (look.Seconds - time));
    }
}
