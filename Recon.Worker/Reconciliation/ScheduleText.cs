using System.Globalization;

namespace Recon.Worker.Reconciliation;

/// <summary>Times as the log lines of the scheduler have them, which operators search for.</summary>
internal static class ScheduleText
{
    /// <summary><c>1h0m0s</c>, <c>15m0s</c>.</summary>
    public static string Of(TimeSpan interval) => interval >= TimeSpan.FromHours(1)
        ? FormattableString.Invariant($"{(int)interval.TotalHours}h{interval.Minutes}m{interval.Seconds}s")
        : FormattableString.Invariant($"{interval.Minutes}m{interval.Seconds}s");

    /// <summary><c>2024-01-16T02:00:00Z</c>, or with the offset of its zone.</summary>
    public static string Of(DateTimeOffset at) => at.ToString(
        at.Offset == TimeSpan.Zero ? "yyyy-MM-dd'T'HH:mm:ss'Z'" : "yyyy-MM-dd'T'HH:mm:sszzz",
        CultureInfo.InvariantCulture);
}
