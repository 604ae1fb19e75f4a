using Payments.Bench.Measuring;
using Payments.Bench.Reporting;
using Payments.Bench.Running;

namespace Payments.Bench.Scenarios;

/// <summary>One question to the machine, answered by a comparison or a few.</summary>
internal abstract class Scenario
{
    /// <summary>As on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>How many windows one round over all sides holds, for the budget.</summary>
    public abstract int WindowsPerRound { get; }

    /// <summary>What it takes once: filling tables, starting programs and warming them up.</summary>
    public virtual TimeSpan Preparation => TimeSpan.Zero;

    /// <summary>What one round takes besides its windows: setting up, warming up, checking, cleaning up.</summary>
    public abstract TimeSpan OverheadPerRound { get; }

    public abstract Task RunAsync(BenchContext context, CancellationToken cancel);
}

/// <summary>What every scenario works with.</summary>
/// <param name="Window">How long a side is watched in each run.</param>
internal sealed record BenchContext(
    BenchOptions Options, BenchServer Server, Report Report, Progress Progress, TimeSpan Window) : IAsyncDisposable
{
    private WarmSystem? _system;

    /// <summary>For programs that have run before: connections are open, caches warm, loops compiled.</summary>
    public static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1.5);

    /// <summary>For programs that were just started, and do one thing.</summary>
    public static readonly TimeSpan WorkerWarmUp = TimeSpan.FromSeconds(8);

    /// <summary>
    /// For an HTTP server that was just started. Its many methods are compiled again once they have been used; under
    /// full load on two cores that takes this long, and until then it reaches half of what it does later. A server in
    /// service is restarted rarely, so this belongs in no window.
    /// </summary>
    public static readonly TimeSpan ServerWarmUp = TimeSpan.FromSeconds(15);

    /// <summary>Payments a second, created and settled, once the scenario "both" has found them out.</summary>
    public double? Sustained { get; set; }

    /// <summary>A window as programs of others are told it.</summary>
    public static int WholeSecondsOf(TimeSpan window) => Math.Max(1, (int)Math.Round(window.TotalSeconds));

    /// <summary>The product, started and warmed up for the first scenario that asks for it.</summary>
    public async Task<WarmSystem> WarmSystemAsync(CancellationToken cancel) =>
        _system ??= await WarmSystem.StartAsync(this, cancel);

    public async Task<ComparisonResult> CompareAsync(
        string title, IReadOnlyList<Side> sides, CancellationToken cancel)
    {
        var chosen = sides
            .Where(side => Options.Sides.Count == 0
                || Options.Sides.Any(start => side.Name.StartsWith(start, StringComparison.Ordinal)))
            .ToList();
        var result = await new Comparison(title, chosen).RunAsync(Options.Runs, Progress, cancel);
        Report.Comparisons.Add(result);
        return result;
    }

    public async ValueTask DisposeAsync()
    {
        if (_system is not null)
        {
            await _system.DisposeAsync();
        }
    }
}
