using System.Diagnostics;

namespace Payments.Testing;

/// <summary>
/// Counts commands and batches that are sent to the database: each is a round trip, as the driver itself reports it.
/// The begin of a transaction travels with its first command; commits are not counted.
/// </summary>
public static class RoundTrips
{
    // Tests run side by side: only what the counted work itself sends is counted.
    private static readonly AsyncLocal<Counter?> Counting = new();

    /// <summary>How many round trips the work makes. Connections are best opened before.</summary>
    public static async Task<int> OfAsync(Func<Task> work)
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
        };
        var counter = new Counter();
        listener.ActivityStarted = _ =>
        {
            if (Counting.Value == counter)
            {
                Interlocked.Increment(ref counter.Value);
            }
        };
        ActivitySource.AddActivityListener(listener);

        Counting.Value = counter;
        try
        {
            await work();
            return counter.Value;
        }
        finally
        {
            Counting.Value = null;
        }
    }

    private sealed class Counter
    {
        public int Value;
    }
}
