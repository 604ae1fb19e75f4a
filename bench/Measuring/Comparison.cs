using Payments.Bench.Reporting;

namespace Payments.Bench.Measuring;

/// <summary>
/// Measures its sides in turn, A B C, then B C A, then C A B ..., so that whatever the machine does meanwhile meets all
/// of them alike, and none always comes after one that left the machine rested, or busy.
/// </summary>
internal sealed class Comparison(string title, IReadOnlyList<Side> sides)
{
    private readonly Dictionary<string, List<Run>> _runs =
        sides.ToDictionary(side => side.Name, _ => new List<Run>(), StringComparer.Ordinal);

    private readonly Dictionary<string, List<string>> _void =
        sides.ToDictionary(side => side.Name, _ => new List<string>(), StringComparer.Ordinal);

    private readonly Dictionary<string, string> _missing = new(StringComparer.Ordinal);

    /// <summary>Runs every side <paramref name="runs"/> times. A void run is reported and counts for nothing.</summary>
    public async Task<ComparisonResult> RunAsync(int runs, Progress progress, CancellationToken cancel)
    {
        for (var run = 1; run <= runs; run++)
        {
            var first = (run - 1) % sides.Count;
            foreach (var side in sides.Skip(first).Concat(sides.Take(first))
                .Where(side => !_missing.ContainsKey(side.Name)))
            {
                progress.Begin($"{title}, {side.Name}, run {run} of {runs}");
                await RunAsync(side, progress, cancel);
            }
        }

        // Nothing is measured any more: as many at a time as there are processors.
        await Parallel.ForEachAsync(
            sides.Where(side => _runs[side.Name].Count > 0), cancel, async (side, _) => await CheckAsync(side));

        return new ComparisonResult(title, [.. sides.Select(ResultOf)]);
    }

    private async Task CheckAsync(Side side)
    {
        try
        {
            await (side.CheckAsync?.Invoke() ?? Task.CompletedTask);
        }
        catch (VoidRunException e)
        {
            _runs[side.Name].Clear();
            _void[side.Name].Add("all runs: " + e.Message);
        }
    }

    private async Task RunAsync(Side side, Progress progress, CancellationToken cancel)
    {
        try
        {
            var run = await side.MeasureAsync(cancel);
            _runs[side.Name].Add(run);
            Progress.End(string.Join(", ", run.Figures.Select(figure => FigureText.Of(figure.Key, figure.Value))));
        }
        catch (VoidRunException e)
        {
            _void[side.Name].Add(e.Message);
            Progress.End("void: " + e.Message);
        }
        catch (NotInstalledException e)
        {
            _missing[side.Name] = e.Message;
            Progress.End("not measured: " + e.Message);
        }
    }

    private SideResult ResultOf(Side side)
    {
        var figures = _runs[side.Name]
            .SelectMany(run => run.Figures)
            .GroupBy(figure => figure.Key, figure => figure.Value, StringComparer.Ordinal)
            .ToDictionary(figure => figure.Key, figure => Spread.Of(figure), StringComparer.Ordinal);
        return new SideResult(side.Name, figures, _void[side.Name], _missing.GetValueOrDefault(side.Name));
    }
}

/// <summary>All sides of a comparison, in their order.</summary>
internal sealed record ComparisonResult(string Title, IReadOnlyList<SideResult> Sides)
{
    /// <summary>The median of a figure; null when the side has none.</summary>
    public double? Median(string side, string figure) =>
        Sides.FirstOrDefault(result => result.Side == side)?.Figures.GetValueOrDefault(figure)?.Median;
}
