using Payments.Ledger.Reconciliation;

namespace Recon.Worker.Reconciliation;

/// <summary>
/// When runs are due. Slots follow from the settings alone, so every instance finds the same ones. Hourly slots are
/// counted from midnight UTC of the first of January 1970; the daily one is the first moment at which the clock of the
/// time zone shows the time of day or a later one. So a time that is skipped when clocks go forward has its slot at the
/// moment of the change, and one that comes twice when they go back has it the first time.
/// </summary>
internal sealed class Schedule(TimeSpan hourlyInterval, TimeOnly dailyRunTime, TimeZoneInfo zone)
{
    // No clock of the world is further than this from UTC.
    private const int MostHoursFromUtc = 15;

    public static IReadOnlyList<string> RunTypes { get; } = [RunType.Hourly, RunType.Daily];

    public static Schedule Of(ReconciliationOptions options) =>
        new(options.HourlyInterval, options.DailyRunTime, options.TimeZone);

    /// <summary>The last slot at or before this moment.</summary>
    public DateTimeOffset Latest(string runType, DateTimeOffset at) => runType == RunType.Hourly
        ? HourlyAt(at)
        : Days(at).Select(DailyOn).Where(slot => slot <= at).Max();

    /// <summary>The first slot after this moment.</summary>
    public DateTimeOffset Next(string runType, DateTimeOffset after) => runType == RunType.Hourly
        ? HourlyAt(after) + hourlyInterval
        : Days(after).Select(DailyOn).Where(slot => slot > after).Min();

    /// <summary>How the time zone writes a moment: what an operator reads in the log.</summary>
    public DateTimeOffset Local(DateTimeOffset at) => TimeZoneInfo.ConvertTime(at, zone);

    private DateTimeOffset HourlyAt(DateTimeOffset at)
    {
        var since = (at - DateTimeOffset.UnixEpoch).Ticks;
        return DateTimeOffset.UnixEpoch.AddTicks(since - (since % hourlyInterval.Ticks));
    }

    // Whole days have been skipped, where the date line moved: hence more than one on either side.
    private IEnumerable<DateOnly> Days(DateTimeOffset around)
    {
        var today = DateOnly.FromDateTime(Local(around).DateTime);
        return Enumerable.Range(-3, 7).Select(today.AddDays);
    }

    private DateTimeOffset DailyOn(DateOnly day)
    {
        var wanted = day.ToDateTime(dailyRunTime);
        var moments = OffsetsAround(wanted).Select(offset => new DateTimeOffset(wanted, offset)).Order().ToArray();
        var shown = Array.FindIndex(moments, moment => zone.GetUtcOffset(moment) == moment.Offset);
        return (shown >= 0 ? moments[shown] : Change(moments[0], moments[^1], wanted)).ToUniversalTime();
    }

    private IEnumerable<TimeSpan> OffsetsAround(DateTime local)
    {
        var asUtc = new DateTimeOffset(local, TimeSpan.Zero);
        return Enumerable.Range(-MostHoursFromUtc, (2 * MostHoursFromUtc) + 1)
            .Select(hours => zone.GetUtcOffset(asUtc.AddHours(hours)))
            .Distinct();
    }

    // The first moment whose local time is past the wanted one, which no clock ever showed.
    private DateTimeOffset Change(DateTimeOffset before, DateTimeOffset after, DateTime wanted)
    {
        var (low, high) = (before.UtcTicks, after.UtcTicks);
        while (high - low > 1)
        {
            var middle = low + ((high - low) / 2);
            if (Local(new DateTimeOffset(middle, TimeSpan.Zero)).DateTime >= wanted)
            {
                high = middle;
            }
            else
            {
                low = middle;
            }
        }

        return new DateTimeOffset(high, TimeSpan.Zero);
    }
}
