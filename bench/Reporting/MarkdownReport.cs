using System.Text;
using Payments.Bench.Measuring;

namespace Payments.Bench.Reporting;

/// <summary>The report as tables for people.</summary>
internal static class MarkdownReport
{
    public static string Of(Report report)
    {
        var text = new StringBuilder();
        Line(text, "# Benchmarks");
        Line(text, "");
        AppendMachine(text, report);
        foreach (var comparison in report.Comparisons)
        {
            AppendComparison(text, comparison);
        }

        AppendTargets(text, report.Targets);
        foreach (var note in report.Notes)
        {
            Line(text, $"- {note}");
        }

        if (report.Void.ToList() is { Count: > 0 } invalid)
        {
            Line(text, "");
            Line(text, "**Void runs**, which count for nothing:");
            Line(text, "");
            invalid.ForEach(reason => Line(text, $"- {reason}"));
        }

        return text.ToString();
    }

    private static void AppendMachine(StringBuilder text, Report report)
    {
        var machine = report.Machine;
        var memory = FormattableString.Invariant($"{machine.MemoryGiB:0} GiB");
        Line(text, $"{machine.Processor}, {machine.Cores} cores, {memory}, {machine.Kernel}, {machine.Disk}.");
        Line(text, FormattableString.Invariant(
            $"While all cores are busy a thread keeps {machine.SharedSpeed * 100:0}% of its speed."));
        Line(text, $"PostgreSQL {machine.Postgres}, {machine.Dotnet}, Node.js {machine.Node}.");
        Line(text, report.Settings);
        Line(text, FormattableString.Invariant(
            $"Measured {report.At:yyyy-MM-dd HH:mm} UTC in {report.Duration:mm\\:ss}."));
        Line(text, "");
    }

    private static void AppendComparison(StringBuilder text, ComparisonResult comparison)
    {
        Line(text, $"## {comparison.Title}");
        Line(text, "");
        Line(text, "| side | figure | median | min | max | runs |");
        Line(text, "|---|---|---:|---:|---:|---:|");
        foreach (var side in comparison.Sides)
        {
            if (side.Figures.Count == 0)
            {
                Line(text, $"| {side.Side} | {side.Missing ?? "no valid run"} | | | | 0 |");
            }

            foreach (var (figure, spread) in side.Figures)
            {
                Line(text, FormattableString.Invariant(
                    $"| {side.Side} | {figure} | {FigureText.Of(spread.Median)} | {FigureText.Of(spread.Minimum)} | ")
                    + FormattableString.Invariant($"{FigureText.Of(spread.Maximum)} | {spread.Runs} |"));
            }
        }

        Line(text, "");
    }

    private static void AppendTargets(StringBuilder text, List<Target> targets)
    {
        if (targets.Count == 0)
        {
            return;
        }

        Line(text, "## Targets");
        Line(text, "");
        Line(text, "| what | wanted | measured | reached |");
        Line(text, "|---|---:|---:|---|");
        foreach (var target in targets)
        {
            var reached = target.Reached ? "yes" : "**no**";
            Line(text, $"| {target.What} | {target.Wanted} | {target.ActualText} | {reached} |");
        }

        Line(text, "");
    }

    private static void Line(StringBuilder text, string line) => text.Append(line).Append('\n');
}
