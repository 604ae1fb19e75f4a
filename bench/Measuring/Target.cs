namespace Payments.Bench.Measuring;

/// <summary>A figure to be reached, and what was.</summary>
/// <param name="Actual">Null when a side has no valid run.</param>
internal sealed record Target(string What, string Wanted, double? Actual, string ActualText, bool Reached)
{
    /// <summary>A figure of one side as a multiple of a baseline's, from the same runs.</summary>
    public static Target RatioAtLeast(
        ComparisonResult result, string side, string baseline, string figure, double atLeast)
    {
        var ratio = result.Median(side, figure) / result.Median(baseline, figure);
        return new Target(
            $"{result.Title}: {side} : {baseline}, {figure}",
            FormattableString.Invariant($"at least {atLeast:0.##} ×"),
            ratio,
            ratio is null ? "not measured" : FormattableString.Invariant($"{ratio:0.##} ×"),
            ratio >= atLeast);
    }

    public static Target RatioAtMost(
        ComparisonResult result, string side, string baseline, string figure, double atMost)
    {
        var ratio = result.Median(side, figure) / result.Median(baseline, figure);
        return new Target(
            $"{result.Title}: {side} : {baseline}, {figure}",
            FormattableString.Invariant($"at most {atMost:0.##} ×"),
            ratio,
            ratio is null ? "not measured" : FormattableString.Invariant($"{ratio:0.##} ×"),
            ratio <= atMost);
    }

    public static Target AtMost(ComparisonResult result, string side, string figure, double atMost)
    {
        var actual = result.Median(side, figure);
        return new Target(
            $"{result.Title}: {side}, {figure}",
            FormattableString.Invariant($"at most {atMost:0.##}"),
            actual,
            actual is null ? "not measured" : FormattableString.Invariant($"{actual:0.##}"),
            actual <= atMost);
    }
}
