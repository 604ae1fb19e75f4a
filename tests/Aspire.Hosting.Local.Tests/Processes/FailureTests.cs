using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Local.Tests.Processes;

/// <summary>A resource that cannot start, or ends badly, says why in one sentence, and the rest runs.</summary>
public sealed class FailureTests : IAsyncDisposable
{
    private readonly SampleApplication _application = new();

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    [Fact]
    public async Task What_cannot_start_says_why_and_so_does_what_waits_for_it()
    {
        using var unbuilt = new ProjectFolder("{}");
        var missing = _application.Builder.AddParameter("key", secret: true);
        var service = _application.Add("unbuilt", unbuilt, profile: null);
        _application.Move(unbuilt, "/nowhere/Unbuilt.dll");
        _application.AddService("keyless").WithEnvironment("KEY", missing);
        _application.AddService("dependent").WaitFor(service);
        _application.AddService("sound", isChecked: false);

        await _application.StartAsync();

        Assert.All(["unbuilt", "keyless", "dependent"], name =>
            Assert.Equal(KnownResourceStates.FailedToStart, _application.Snapshot(name).State?.Text));
        Assert.Equal(KnownResourceStates.Running, _application.Snapshot("sound").State?.Text);
        Assert.Contains(
            "unbuilt cannot start: '/nowhere/Unbuilt.dll' is not there: build the AppHost again.",
            _application.Complaints);
        Assert.Contains(
            "dependent cannot start: waiting for 'unbuilt' is in vain: that could not start.", _application.Complaints);
        Assert.Contains(_application.Complaints, complaint =>
            complaint.StartsWith("keyless cannot start: ", StringComparison.Ordinal)
            && complaint.Contains("'Parameters:key' is missing", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_process_that_ends_badly_is_shown_with_its_exit_code_and_its_last_lines()
    {
        _application.AddJob("job", exitCode: 3, output: "out of paper");

        await _application.StartAsync();
        await _application.WaitAsync("job", snapshot => snapshot is { ExitCode: 3, State.Text: "Finished" });

        var complaint = await FirstComplaintAsync("exit code 3");
        Assert.Matches("^job-[a-z]{8} ended with exit code 3. Its last output:\nout of paper$", complaint);
    }

    [Fact]
    public async Task A_process_that_runs_and_stays_unhealthy_is_told_of_with_the_reason_so_that_nothing_seems_to_hang()
    {
        var service = _application.AddService("service").WithEnvironment("SAMPLE_UNHEALTHY", "true");
        _application.AddService("dependent").WaitFor(service);
        var start = _application.StartAsync();

        var complaint = await FirstComplaintAsync("is not healthy");

        // Its clock is fast: a slow machine may not have let the process listen yet.
        Assert.Matches(
            "^service-[a-z]{8} runs but is not healthy: .*_check: /health (answered 503|did not answer)[.]", complaint);
        Assert.False(start.IsCompleted);
    }

    [Fact]
    public async Task A_program_that_the_machine_cannot_run_is_named()
    {
        await using var application = new SampleApplication();
        var service = application.Builder.AddResource(new Tool("tool"));
        service.WithAnnotation(new ProcessAnnotation((_, _) =>
            Task.FromResult(new ProcessCommand("/nowhere/tool", [], "/"))));

        await application.StartAsync();

        await application.WaitAsync("tool", KnownResourceStates.FailedToStart);
        Assert.Matches(
            "^tool cannot start: '/nowhere/tool' was not started: .*no such file",
            await FirstAsync(application, "tool cannot start"));
    }

    [Fact]
    public async Task A_port_that_another_program_holds_ends_the_AppHost_with_a_sentence()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
        await using var host = HostProcess.Start("chain", $"--Port={port}", "--LocalEdition:PortPatienceSeconds=0");

        var end = await host.EndAsync();

        Assert.Equal(
            (1, $"Port {port} of 'bottom' is in use by another program: end that program, or give 'bottom' another one "
                + "with the setting Port.\n"),
            (end.ExitCode, end.Errors));
        Assert.Empty(host.DiaryLines);
        await host.UntilAsync(() => host.Descendants().Count == 0);
    }

    private Task<string> FirstComplaintAsync(string part) => FirstAsync(_application, part);

    // The output is read after the end is published.
    private static async Task<string> FirstAsync(SampleApplication application, string part)
    {
        while (true)
        {
            if (application.Complaints.FirstOrDefault(one => one.Contains(part, StringComparison.Ordinal)) is { } found)
            {
                return found;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), application.Cancel);
        }
    }

    private sealed class Tool(string name) : Resource(name);
}
