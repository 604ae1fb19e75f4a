namespace Payments.Bench.Reporting;

/// <summary>A figure as it is printed: three significant digits or more, thousands apart.</summary>
internal static class FigureText
{
    public static string Of(string name, double value) => $"{name} {Of(value)}";

    public static string Of(double value) => Math.Abs(value) switch
    {
        >= 1_000 => FormattableString.Invariant($"{value:#,##0}"),
        >= 100 => FormattableString.Invariant($"{value:0}"),
        >= 10 => FormattableString.Invariant($"{value:0.0}"),
        _ => FormattableString.Invariant($"{value:0.00}"),
    };
}
