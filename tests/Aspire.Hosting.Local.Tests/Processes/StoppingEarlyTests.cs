using Payments.Testing.Faults;

namespace Aspire.Hosting.Local.Tests.Processes;

/// <summary>An AppHost that is asked to stop while it starts, and one that cannot start.</summary>
public sealed class StoppingEarlyTests
{
    private static readonly TimeSpan StopTimeLimit = TimeSpan.FromSeconds(10);

    // Which moments there are: the orchestrator is being launched, it launches the first service, the second.
    [Theory]
    [InlineData("session")]
    [InlineData("first service")]
    [InlineData("second service")]
    public async Task Asked_while_it_starts_it_stops_what_has_started(string moment)
    {
        await using var host = HostProcess.Start("chain");
        await host.WhileRunningUntilAsync(() => moment switch
        {
            "session" => host.Sessions().Any(),
            "first service" => host.Services().Any(),
            _ => host.Services().Count() == 2,
        });

        ProcessSignals.Terminate(host.Pid);
        var end = await host.EndAsync();

        Assert.Equal((0, ""), (end.ExitCode, end.Errors));
        Assert.InRange(end.Took, TimeSpan.Zero, StopTimeLimit);
        Assert.Empty(host.Services());
        Assert.DoesNotContain("top started", host.DiaryLines);
    }

    [Theory]
    [InlineData("unknown profile", "Project 'service' has no launch profile 'nosuch'.")]
    [InlineData("endpoint given twice", "Endpoint with name 'http' already exists.")]
    public async Task A_mistake_in_the_description_is_one_sentence_and_exit_code_1(string scenario, string sentence)
    {
        await using var host = HostProcess.Start(scenario);

        var end = await host.EndAsync();

        Assert.Equal(1, end.ExitCode);
        Assert.StartsWith(sentence, end.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", end.Errors, StringComparison.Ordinal);
    }
}
