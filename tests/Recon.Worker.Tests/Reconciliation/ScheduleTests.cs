using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Payments.Ledger.Reconciliation;
using Recon.Worker.Reconciliation;

namespace Recon.Worker.Tests.Reconciliation;

public sealed class ScheduleTests
{
    // Both hemispheres, changes at midnight, of half an hour and of a whole day, in the year before, and none at all.
    private static readonly string[] Zones =
    [
        "UTC", "Europe/Berlin", "America/New_York", "America/St_Johns", "America/Santiago", "Australia/Lord_Howe",
        "Asia/Beirut", "Asia/Kolkata", "Africa/Casablanca", "Pacific/Apia", "Pacific/Kiritimati", "Asia/Tehran",
    ];

    private static readonly string[] Times = ["00:00", "00:30", "01:30", "02:00", "02:30", "12:00", "23:59"];

    private static readonly DateTimeOffset Start = new(2011, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static TheoryData<string> AllZones => [.. Zones];

    // Winter to summer: 02:00 does not exist. Summer to winter: it comes twice, or once after an hour that does.
    [Theory]
    [InlineData("Europe/Berlin", "02:00", "2026-03-28T12:00Z", "2026-03-29T01:00Z", "2026-03-30T00:00Z")]
    [InlineData("Europe/Berlin", "02:30", "2026-03-28T12:00Z", "2026-03-29T01:00Z", "2026-03-30T00:30Z")]
    [InlineData("Europe/Berlin", "02:00", "2026-10-24T12:00Z", "2026-10-25T00:00Z", "2026-10-26T01:00Z")]
    [InlineData("America/New_York", "02:00", "2026-03-07T12:00Z", "2026-03-08T07:00Z", "2026-03-09T06:00Z")]
    [InlineData("America/New_York", "02:00", "2026-10-31T12:00Z", "2026-11-01T07:00Z", "2026-11-02T07:00Z")]
    [InlineData("America/New_York", "01:30", "2026-10-31T12:00Z", "2026-11-01T05:30Z", "2026-11-02T06:30Z")]
    [InlineData("Australia/Lord_Howe", "02:15", "2026-10-03T12:00Z", "2026-10-03T15:30Z", "2026-10-04T15:15Z")]
    [InlineData("Asia/Beirut", "00:00", "2026-03-28T12:00Z", "2026-03-28T22:00Z", "2026-03-29T21:00Z")]
    [InlineData("Pacific/Apia", "02:00", "2011-12-29T20:00Z", "2011-12-30T10:00Z", "2011-12-30T12:00Z")]
    [InlineData("UTC", "02:00", "2026-03-29T02:00Z", "2026-03-30T02:00Z", "2026-03-31T02:00Z")]
    public void The_daily_slot_is_the_first_moment_at_which_the_clock_shows_the_time_or_a_later_one(
        string zone, string time, string from, string first, string second)
    {
        var schedule = Daily(zone, time);

        var next = schedule.Next(RunType.Daily, At(from));

        Assert.Equal(At(first), next);
        Assert.Equal(At(second), schedule.Next(RunType.Daily, next));
        Assert.Equal(TimeSpan.Zero, next.Offset);
    }

    [Theory]
    [MemberData(nameof(AllZones))]
    public void Over_years_every_day_of_the_calendar_has_one_slot_and_no_slot_is_of_another_day(string zone)
    {
        var info = TimeZoneInfo.FindSystemTimeZoneById(zone);
        foreach (var time in Times.Select(text => TimeOnly.Parse(text, CultureInfo.InvariantCulture)))
        {
            var schedule = new Schedule(TimeSpan.FromHours(1), time, info);
            var slot = schedule.Next(RunType.Daily, Start.AddDays(-2));
            var day = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(slot, info).DateTime);
            while (slot < Start.AddYears(3))
            {
                var next = schedule.Next(RunType.Daily, slot);
                var nextLocal = TimeZoneInfo.ConvertTime(next, info).DateTime;
                day = day.AddDays(1);

                // A day that was left out of the calendar has its slot at the moment when it was, and at midnight that
                // is the next day's too.
                if (IsLeftOut(day, info) && nextLocal >= day.AddDays(1).ToDateTime(time))
                {
                    day = day.AddDays(1);
                }

                if (nextLocal < day.ToDateTime(time)
                    || (DateOnly.FromDateTime(nextLocal) != day && !IsLeftOut(day, info)))
                {
                    Assert.Fail($"{zone} {time} {day}: {next:u}");
                }

                Assert.Equal(next, schedule.Latest(RunType.Daily, next));
                Assert.Equal(slot, schedule.Latest(RunType.Daily, next.AddTicks(-1)));
                slot = next;
            }
        }
    }

    [Fact]
    public void Whatever_the_moment_the_latest_slot_is_not_after_it_and_the_next_one_is()
    {
        var moments = ArbMap.Default.ArbFor<DateTime>();
        Prop.ForAll(
            moments, Gen.Elements(Zones).ToArbitrary(), Gen.Choose(1, 1_440).ToArbitrary(),
            (moment, zone, minutes) =>
            {
                var at = new DateTimeOffset(
                    DateTime.SpecifyKind(moment, DateTimeKind.Utc).AddYears(Math.Max(0, 1980 - moment.Year)));
                var schedule = new Schedule(
                    TimeSpan.FromMinutes(minutes), new TimeOnly(minutes / 60 % 24, minutes % 60),
                    TimeZoneInfo.FindSystemTimeZoneById(zone));
                return Schedule.RunTypes.All(runType =>
                    schedule.Latest(runType, at) is var latest && schedule.Next(runType, at) is var next
                    && latest <= at && at < next && schedule.Next(runType, latest) == next
                    && schedule.Latest(runType, next) == next && schedule.Latest(runType, next.AddTicks(-1)) == latest);
            }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(60, "2026-03-01T10:59:59Z", "2026-03-01T10:00Z", "2026-03-01T11:00Z")]
    [InlineData(60, "2026-03-01T11:00:00Z", "2026-03-01T11:00Z", "2026-03-01T12:00Z")]
    [InlineData(15, "2026-03-01T10:46:00Z", "2026-03-01T10:45Z", "2026-03-01T11:00Z")]
    [InlineData(1440, "2026-03-01T10:46:00Z", "2026-03-01T00:00Z", "2026-03-02T00:00Z")]
    public void Hourly_slots_do_not_depend_on_when_a_process_started(
        int minutes, string at, string latest, string next)
    {
        var schedule = new Schedule(TimeSpan.FromMinutes(minutes), new TimeOnly(2, 0), TimeZoneInfo.Utc);

        Assert.Equal(At(latest), schedule.Latest(RunType.Hourly, At(at)));
        Assert.Equal(At(next), schedule.Next(RunType.Hourly, At(at)));
    }

    [Theory]
    [InlineData(60, "1h0m0s")]
    [InlineData(90, "1h30m0s")]
    [InlineData(15, "15m0s")]
    [InlineData(1440, "24h0m0s")]
    public void Intervals_are_logged_as_operators_search_for_them(int minutes, string text) =>
        Assert.Equal(text, ScheduleText.Of(TimeSpan.FromMinutes(minutes)));

    [Theory]
    [InlineData("UTC", "2024-01-16T02:00:00Z")]
    [InlineData("Europe/Berlin", "2024-01-16T03:00:00+01:00")]
    public void The_next_run_is_logged_by_the_clock_of_the_zone(string zone, string text) => Assert.Equal(
        text, ScheduleText.Of(Daily(zone, "02:00").Local(new DateTimeOffset(2024, 1, 16, 2, 0, 0, TimeSpan.Zero))));

    private static bool IsLeftOut(DateOnly day, TimeZoneInfo zone) => !Enumerable.Range(-30, 84)
        .Select(hours => TimeZoneInfo.ConvertTime(
            new DateTimeOffset(day.ToDateTime(default), TimeSpan.Zero).AddHours(hours), zone))
        .Any(local => DateOnly.FromDateTime(local.DateTime) == day);

    private static Schedule Daily(string zone, string time) => new(
        TimeSpan.FromHours(1), TimeOnly.Parse(time, CultureInfo.InvariantCulture),
        TimeZoneInfo.FindSystemTimeZoneById(zone));

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
