using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Dashboard;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.Local.Tests.Dashboard;

/// <summary>Start, stop, restart and the console log, with processes under the orchestrator.</summary>
public sealed class LifecycleTests : IDisposable
{
    private const string Ends = "trap 'echo bye; exit 0' TERM; echo hello; while :; do sleep 0.1; done";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("aspire-hosting-tests-");
    private readonly DistributedApplicationBuilder _builder = new(new DistributedApplicationOptions
    {
        DisableDashboard = true,
    });

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Stop_start_and_restart_change_one_replica_and_its_console_log_goes_on()
    {
        var worker = AddShell("worker", Ends);
        worker.WithAnnotation(new ReplicaAnnotation(2));
        await using var application = _builder.Build();
        await application.StartAsync(Cancel);
        var (one, other) = (worker.Resource.ReplicaNames()[0], worker.Resource.ReplicaNames()[1]);
        var otherPid = Pid(application, other);
        await using var log = Log(application, one).GetAsyncEnumerator(Cancel);
        await NextAsync(log, " hello");
        var firstPid = Pid(application, one);

        await SucceedAsync(application, one, "stop");
        Assert.Equal(KnownResourceStates.Finished, State(application, one));
        await NextAsync(log, " bye");

        await SucceedAsync(application, one, "start");
        Assert.Equal(KnownResourceStates.Running, State(application, one));
        await NextAsync(log, " hello");
        var secondPid = Pid(application, one);

        await SucceedAsync(application, one, "restart");
        await NextAsync(log, " hello");
        Assert.Equal(3, new[] { firstPid, secondPid, Pid(application, one) }.Distinct().Count());
        Assert.Equal((KnownResourceStates.Running, otherPid), (State(application, other), Pid(application, other)));
        await application.StopAsync(Cancel);
    }

    [Fact]
    public async Task Every_replica_of_a_resource_stops_and_starts_at_one_command()
    {
        var worker = AddShell("worker", Ends);
        worker.WithAnnotation(new ReplicaAnnotation(2));
        await using var application = _builder.Build();
        await application.StartAsync(Cancel);

        var stopped = await application.ResourceCommands.ExecuteCommandAsync(worker.Resource, "stop", Cancel);
        Assert.True(stopped.Success, stopped.Message);
        Assert.All(worker.Resource.ReplicaNames(), one => Assert.Equal("Finished", State(application, one)));

        var started = await application.ResourceCommands.ExecuteCommandAsync(worker.Resource, "start", Cancel);
        Assert.True(started.Success, started.Message);
        Assert.All(worker.Resource.ReplicaNames(), one => Assert.Equal("Running", State(application, one)));
        await application.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_the_reason_and_once_it_is_there_the_start_command_starts_it()
    {
        var program = Path.Combine(_folder.FullName, "late");
        var late = Add("late", program, "-c", Ends);
        await using var application = _builder.Build();
        await application.StartAsync(Cancel);
        var replica = late.Resource.ReplicaNames()[0];
        Assert.Equal(KnownResourceStates.FailedToStart, State(application, replica));

        var refused = await application.ResourceCommands.ExecuteCommandAsync("late", "start", Cancel);
        Assert.False(refused.Success);
        Assert.Equal($"'{program}' was not started: fork/exec {program}: no such file or directory.", refused.Message);

        File.CreateSymbolicLink(program, "/bin/sh");
        await SucceedAsync(application, "late", "start");
        Assert.Equal(KnownResourceStates.Running, State(application, replica));
        await using var log = Log(application, replica).GetAsyncEnumerator(Cancel);
        await NextAsync(log, " hello");
        await application.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_resource_that_waits_can_be_started_at_once_and_is_not_started_twice()
    {
        var first = AddShell("first", Ends);
        first.WithAnnotation(new ExplicitStartupAnnotation());
        var second = AddShell("second", "echo once; exit 0");
        second.WithAnnotation(new WaitAnnotation(first.Resource, WaitType.WaitUntilStarted));
        await using var application = _builder.Build();
        var starting = application.StartAsync(Cancel);
        await application.ResourceNotifications.WaitForResourceAsync("second", KnownResourceStates.Waiting, Cancel);

        await SucceedAsync(application, "second", "start");
        await application.ResourceNotifications.WaitForResourceAsync("second", KnownResourceStates.Finished, Cancel);
        var pid = Pid(application, "second");
        await SucceedAsync(application, "first", "start");
        await starting;

        Assert.Equal((KnownResourceStates.Finished, pid), (State(application, "second"), Pid(application, "second")));
        await application.StopAsync(Cancel);
    }

    private IResourceBuilder<ShellResource> AddShell(string name, string script) => Add(name, "/bin/sh", "-c", script);

    private IResourceBuilder<ShellResource> Add(string name, string program, params string[] arguments) =>
        _builder.AddResource(new ShellResource(name)).WithAnnotation(new ProcessAnnotation(
            (_, _) => Task.FromResult(new ProcessCommand(program, arguments, _folder.FullName))));

    private static async Task SucceedAsync(DistributedApplication application, string resource, string command)
    {
        var result = await application.ResourceCommands.ExecuteCommandAsync(resource, command, Cancel);
        Assert.True(result.Success, result.Message);
    }

    private static CustomResourceSnapshot Snapshot(DistributedApplication application, string name)
    {
        Assert.True(application.ResourceNotifications.TryGetCurrentState(name, out var current));
        return current.Snapshot;
    }

    private static string? State(DistributedApplication application, string name) =>
        Snapshot(application, name).State?.Text;

    private static object? Pid(DistributedApplication application, string name) =>
        Snapshot(application, name).Properties.Find("executable.pid");

    private static async IAsyncEnumerable<string> Log(DistributedApplication application, string replica)
    {
        await foreach (var lines in application.Services.GetRequiredService<ConsoleLog>()
            .ReadAsync(replica, follow: true, Cancel))
        {
            foreach (var line in lines)
            {
                yield return line.Text;
            }
        }
    }

    private static async Task NextAsync(IAsyncEnumerator<string> log, string end)
    {
        do
        {
            Assert.True(await log.MoveNextAsync());
        }
        while (!log.Current.EndsWith(end, StringComparison.Ordinal));
    }

    private sealed class ShellResource(string name)
        : ApplicationModel.Resource(name), IResourceWithEnvironment, IResourceWithArgs, IResourceWithWaitSupport;
}
