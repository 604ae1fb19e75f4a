using Payments.Testing.Faults;

namespace Aspire.Hosting.Local.Tests.Processes;

/// <summary>An AppHost that is asked to stop ends within ten seconds and leaves nothing behind.</summary>
public sealed class StoppingTests
{
    private static readonly TimeSpan StopTimeLimit = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Dependents_end_before_what_they_depend_on()
    {
        await using var host = HostProcess.Start("chain");
        await host.DiaryHasAsync("top started");

        ProcessSignals.Terminate(host.Pid);
        var end = await host.EndAsync();

        Assert.Equal(0, end.ExitCode);
        Assert.Equal(
            ["bottom started", "middle started", "top started", "top ended", "middle ended", "bottom ended"],
            host.DiaryLines);
        Assert.Empty(host.Services());
    }

    [Fact]
    public async Task On_Ctrl_C_a_process_that_does_not_hear_is_killed_and_holds_nobody_up()
    {
        await using var host = HostProcess.Start("deaf");
        await host.DiaryHasAsync("hearing started");

        ProcessSignals.Interrupt(host.Pid);
        var end = await host.EndAsync();

        Assert.Equal(0, end.ExitCode);
        Assert.InRange(end.Took, TimeSpan.Zero, StopTimeLimit);
        Assert.Contains("deaf did not stop in time and was killed", end.Output, StringComparison.Ordinal);
        Assert.Equal(["deaf started", "hearing started", "hearing ended"], host.DiaryLines);
        Assert.Empty(host.Services());
    }

    [Fact]
    public async Task Asked_twice_while_a_resource_waits_it_stops_once_and_the_one_that_waits_never_starts()
    {
        await using var host = HostProcess.Start("waiting");
        await host.DiaryHasAsync("sick started");

        ProcessSignals.Terminate(host.Pid);
        ProcessSignals.Terminate(host.Pid);
        var end = await host.EndAsync();

        Assert.Equal((0, ""), (end.ExitCode, end.Errors));
        Assert.InRange(end.Took, TimeSpan.Zero, StopTimeLimit);
        Assert.Equal(["sick started", "sick ended"], host.DiaryLines);
        Assert.Empty(host.Services());
    }
}
