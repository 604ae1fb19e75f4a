namespace Payments.Bench.Measuring;

/// <summary>One of the systems that a comparison measures in turn.</summary>
/// <param name="MeasureAsync">Sets up, measures and cleans up one run.</param>
/// <param name="CheckAsync">
/// Checks the books of all runs when the last one is over: if they are wrong, all are void. Null where each run checks
/// its own.
/// </param>
internal sealed record Side(
    string Name, Func<CancellationToken, Task<Run>> MeasureAsync, Func<Task>? CheckAsync = null);

/// <summary>A figure over all valid runs of a side.</summary>
internal sealed record Spread(double Median, double Minimum, double Maximum, int Runs)
{
    /// <exception cref="InvalidOperationException">There are no values.</exception>
    public static Spread Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        if (sorted.Length == 0)
        {
            throw new InvalidOperationException("No run was valid.");
        }

        var middle = sorted.Length / 2;
        var median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[^1], sorted.Length);
    }
}

/// <summary>What became of a side: its figures, and the runs that say nothing, with the reason.</summary>
/// <param name="Missing">Why it was not measured at all; null when it was.</param>
internal sealed record SideResult(
    string Side, IReadOnlyDictionary<string, Spread> Figures, IReadOnlyList<string> Void, string? Missing = null);
