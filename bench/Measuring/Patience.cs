namespace Payments.Bench.Measuring;

/// <summary>Waits between runs for what the next one needs.</summary>
internal static class Patience
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LookDelay = TimeSpan.FromMilliseconds(50);

    /// <summary>Looks until it is so.</summary>
    /// <exception cref="VoidRunException">It takes more than a minute; the message says what for.</exception>
    public static async Task UntilAsync(Func<Task<bool>> isSo, string otherwise, CancellationToken cancel)
    {
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        while (!await isSo())
        {
            if (clock.GetElapsedTime(started) > Longest)
            {
                throw new VoidRunException(otherwise);
            }

            await Task.Delay(LookDelay, cancel);
        }
    }
}
