namespace Payments.Bench.Measuring;

/// <summary>What was counted between two looks, and the time between them.</summary>
internal sealed record SteadyWindow(long Counted, TimeSpan Length)
{
    private static readonly TimeSpan LookDelay = TimeSpan.FromMilliseconds(20);

    public double PerSecond => Counted / Length.TotalSeconds;

    /// <summary>
    /// Looks at a counter until it has been watched for <paramref name="longest"/>, or stands at
    /// <paramref name="total"/>.
    /// </summary>
    /// <param name="total">
    /// Null when it cannot be reached: then it looks at the end alone, and again when a timer was early.
    /// </param>
    /// <exception cref="VoidRunException">Nothing was counted.</exception>
    public static async Task<SteadyWindow> MeasureAsync(
        Func<CancellationToken, Task<long>> count, long? total, TimeSpan longest, CancellationToken cancel)
    {
        var clock = TimeProvider.System;
        var first = await count(cancel);
        var started = clock.GetTimestamp();
        var length = TimeSpan.Zero;
        while (true)
        {
            await Task.Delay(total is null ? longest - length : LookDelay, cancel);
            var now = await count(cancel);
            length = clock.GetElapsedTime(started);
            if (length < longest && now < (total ?? long.MaxValue))
            {
                continue;
            }

            return now > first
                ? new SteadyWindow(now - first, length)
                : throw new VoidRunException("nothing was done within the window");
        }
    }
}
