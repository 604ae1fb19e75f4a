using Payments.Bench.Measuring;

namespace Payments.Bench.Reporting;

/// <summary>Everything that was measured, in the order of measuring.</summary>
internal sealed record Report(Machine Machine, string Settings, DateTimeOffset At)
{
    public List<ComparisonResult> Comparisons { get; } = [];

    public List<Target> Targets { get; } = [];

    public List<string> Notes { get; } = [];

    /// <summary>How long measuring took, setting up included.</summary>
    public TimeSpan Duration { get; set; }

    /// <summary>Runs that say nothing, each with its reason.</summary>
    public IEnumerable<string> Void =>
        from comparison in Comparisons
        from side in comparison.Sides
        from reason in side.Void
        select $"{comparison.Title}, {side.Side}: {reason}";
}
