using System.Globalization;

namespace Payments.Web;

/// <summary>How long something took, in the unit that a person would choose.</summary>
internal static class DurationText
{
    public static string Of(TimeSpan duration) => duration switch
    {
        { Ticks: < 0 } => Of(TimeSpan.Zero),
        { TotalSeconds: < 1 } => Invariant($"{duration.TotalMilliseconds:0} ms"),
        { TotalSeconds: < 60 } => Invariant($"{duration.TotalSeconds:0.0} s"),
        { TotalMinutes: < 60 } => Invariant($"{duration.Minutes} min {duration.Seconds} s"),
        { TotalHours: < 24 } => Invariant($"{duration.Hours} h {duration.Minutes} min"),
        _ => Invariant($"{duration.Days} d {duration.Hours} h"),
    };

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
