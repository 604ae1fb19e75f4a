using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Payments.ServiceDefaults.Tests;

public sealed class ReadableConsoleTests
{
    [Fact]
    public void A_line_says_when_how_grave_where_what_and_in_which_trace()
    {
        using var activity = new Activity("work");
        activity.SetIdFormat(ActivityIdFormat.W3C);
        activity.ActivityTraceFlags = ActivityTraceFlags.Recorded;
        activity.Start();
        var console = new ReadableConsole(new NoonClock());
        using var text = new StringWriter { NewLine = "\n" };

        console.Write(
            new LogEntry<string>(
                LogLevel.Warning, "Payments.Api", default, "Payment P-1 waits", null, (state, _) => state),
            scopeProvider: null,
            text);

        Assert.Equal(
            $"12:00:00.000 warn  Payments.Api: Payment P-1 waits [trace {activity.TraceId}]\n", text.ToString());
    }

    private sealed class NoonClock : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    }
}
