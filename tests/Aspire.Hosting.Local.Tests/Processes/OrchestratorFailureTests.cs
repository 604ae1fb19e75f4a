using Payments.Testing.Faults;

namespace Aspire.Hosting.Local.Tests.Processes;

/// <summary>What an AppHost does when its orchestrator fails it.</summary>
public sealed class OrchestratorFailureTests
{
    private static readonly TimeSpan StopTimeLimit = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task An_orchestrator_that_does_not_answer_does_not_hold_the_stop_up()
    {
        await using var host = HostProcess.Start("chain");
        await host.DiaryHasAsync("top started");
        var orchestrator = host.Orchestrator();
        ProcessSignals.Freeze(orchestrator);

        ProcessSignals.Terminate(host.Pid);
        var end = await host.EndAsync();

        Assert.Equal(0, end.ExitCode);
        Assert.InRange(end.Took, TimeSpan.Zero, StopTimeLimit);
        Assert.Empty(host.Services());

        // Awake again, it finds its AppHost gone.
        ProcessSignals.Resume(orchestrator);
        await host.UntilAsync(() => host.Descendants().Count == 0);
    }

    [Fact]
    public async Task Without_its_orchestrator_the_AppHost_says_so_and_ends_with_all_its_processes()
    {
        await using var host = HostProcess.Start("chain");
        await host.DiaryHasAsync("top started");

        ProcessSignals.Kill(host.Orchestrator());
        var end = await host.EndAsync();

        Assert.Equal(
            (1, "Aspire's orchestrator ended unexpectedly, and every process with it: start again.\n"),
            (end.ExitCode, end.Errors));
        await host.UntilAsync(() => host.Descendants().Count == 0);
        Assert.Empty(host.Sessions());
    }
}
