namespace Payments.Bench.Measuring;

/// <summary>A figure to be reached, and what was.</summary>
/// <param name="Actual">Null when a side has no valid run.</param>
internal sealed record Target(string What, string Wanted, double? Actual, string ActualText, bool Reached)
{
    /// <summary>A figure of one side as a multiple of a baseline's, from the same runs.</summary>
    public static Target RatioAtLeast(
        ComparisonResult result, string side, string baseline, string figure, double atLeast)
    {
        var ratio = Ratio(result, side, baseline, figure);
        return Of(result, $"{side} : {baseline}, {figure}", "at least", atLeast, " ×", ratio, ratio >= atLeast);
    }

    public static Target RatioAtMost(
        ComparisonResult result, string side, string baseline, string figure, double atMost)
    {
        var ratio = Ratio(result, side, baseline, figure);
        return Of(result, $"{side} : {baseline}, {figure}", "at most", atMost, " ×", ratio, ratio <= atMost);
    }

    public static Target AtMost(ComparisonResult result, string side, string figure, double atMost)
    {
        var actual = result.Median(side, figure);
        return Of(result, $"{side}, {figure}", "at most", atMost, "", actual, actual <= atMost);
    }

    private static double? Ratio(ComparisonResult result, string side, string baseline, string figure) =>
        result.Median(side, figure) / result.Median(baseline, figure);

    private static Target Of(
        ComparisonResult result, string what, string bound, double wanted, string unit, double? actual, bool reached) =>
        new(
            $"{result.Title}: {what}",
            FormattableString.Invariant($"{bound} {wanted:0.##}{unit}"),
            actual,
            actual is null ? "not measured" : FormattableString.Invariant($"{actual:0.##}{unit}"),
            reached);
}
