using System.Collections.Concurrent;
using System.Text.Json;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Dashboard;
using Aspire.Hosting.Dcp;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Orchestration;

/// <summary>Starts and stops the processes of resources under the orchestrator, and publishes how they fare.</summary>
internal sealed class ResourceProcesses(
    DcpHost dcp,
    ProjectOutputs outputs,
    HealthMonitor health,
    DashboardOptions dashboard,
    DistributedApplicationExecutionContext execution,
    ResourceNotificationService notifications,
    ILoggerFactory loggers)
{
    private const string Kind = "executables";
    private const int LogTailLines = 20;

    private readonly ILogger _logger = loggers.CreateLogger<DistributedApplication>();
    private readonly ConcurrentDictionary<string, IResource> _resources = [];
    private readonly ConcurrentDictionary<string, CancellationTokenSource> _running = [];
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = [];

    /// <summary>Whether a resource is a process, and not a value or a part of another one.</summary>
    public static bool IsProcess(IResource resource) =>
        resource is ProjectResource || resource.Annotations.OfType<ProcessAnnotation>().Any();

    /// <summary>Starts every replica, and returns when each runs or has ended.</summary>
    public Task StartAsync(IResource resource, CancellationToken cancel) =>
        Task.WhenAll(resource.ReplicaNames().Select(replica => StartAsync(resource, replica, cancel)));

    /// <summary>Stops every replica, and returns when none runs.</summary>
    public Task StopAsync(IResource resource, CancellationToken cancel) =>
        Task.WhenAll(resource.ReplicaNames().Select(replica => StopAsync(replica, cancel)));

    /// <summary>Starts one replica, and returns when it runs or has ended; one that runs already stays.</summary>
    /// <exception cref="DistributedApplicationException">It cannot start: the message says why.</exception>
    public async Task StartAsync(IResource resource, string replica, CancellationToken cancel)
    {
        using var turn = await TurnAsync(replica, cancel);

        if (!IsRunning(replica))
        {
            await StartInTurnAsync(resource, replica, cancel);
        }
    }

    /// <summary>Stops one replica, and returns when it does not run.</summary>
    public async Task StopAsync(string replica, CancellationToken cancel)
    {
        using var turn = await TurnAsync(replica, cancel);
        await StopInTurnAsync(replica, cancel);
    }

    /// <summary>Stops one replica and starts it again.</summary>
    /// <exception cref="DistributedApplicationException">It cannot start: the message says why.</exception>
    public async Task RestartAsync(IResource resource, string replica, CancellationToken cancel)
    {
        using var turn = await TurnAsync(replica, cancel);
        await StopInTurnAsync(replica, cancel);
        await StartInTurnAsync(resource, replica, cancel);
    }

    private async Task StartInTurnAsync(IResource resource, string replica, CancellationToken cancel)
    {
        // A process that ran before under this name makes room for its successor.
        if (_resources.ContainsKey(replica))
        {
            await dcp.Client.DeleteAsync(Kind, replica, cancel);
        }

        await PublishAsync(resource, replica, KnownResourceStates.Starting);
        var command = await CommandAsync(resource, cancel);
        var configuration = await ProcessConfiguration.BuildAsync(resource, replica, dashboard, execution, cancel);

        _resources[replica] = resource;
        await dcp.Client.CreateAsync<ExecutableSpec, ExecutableStatus>(
            Kind,
            new(
                new(replica) { Annotations = Produces(resource) },
                new(command.Program, command.WorkingDirectory)
                {
                    Args = [.. command.Arguments, .. configuration.Arguments],
                    Env = [.. configuration.Variables.Select(variable => new NameValue(variable.Key, variable.Value))],
                })
            {
                Kind = "Executable",
            },
            cancel);

        await notifications.WaitForResourceAsync(
            replica, update => update.Snapshot.State?.Text is var state
                && (state == KnownResourceStates.Running || KnownResourceStates.IsTerminal(state)), cancel);
    }

    /// <summary>Whether the replica has been started, and so has output.</summary>
    public bool HasProcess(string replica) => _resources.ContainsKey(replica);

    private bool IsRunning(string replica) => notifications.TryGetCurrentState(replica, out var state)
        && state.Snapshot.State?.Text == KnownResourceStates.Running;

    // One after the other for each replica: a second start must not meet the first one half way.
    private async Task<Turn> TurnAsync(string replica, CancellationToken cancel)
    {
        var turns = _turns.GetOrAdd(replica, _ => new(1));
        await turns.WaitAsync(cancel);
        return new(turns);
    }

    private readonly record struct Turn(SemaphoreSlim Turns) : IDisposable
    {
        public void Dispose() => Turns.Release();
    }

    private async Task StopInTurnAsync(string replica, CancellationToken cancel)
    {
        if (!_resources.ContainsKey(replica))
        {
            return;
        }

        await dcp.Client.PatchAsync(Kind, replica, new { spec = new { stop = true } }, cancel);
        await notifications.WaitForResourceAsync(
            replica, update => KnownResourceStates.IsTerminal(update.Snapshot.State?.Text), cancel);
    }

    /// <summary>Publishes what the orchestrator reports, until the token ends it.</summary>
    public async Task WatchAsync(CancellationToken cancel)
    {
        await foreach (var change in dcp.Client.WatchAsync<ExecutableSpec, ExecutableStatus>(Kind, cancel))
        {
            var name = change.Object.Metadata.Name;

            if (change.Type != "DELETED" && change.Object.Status is { } status
                && _resources.TryGetValue(name, out var resource))
            {
                await PublishAsync(resource, name, change.Object.Spec, status, cancel);
            }
        }
    }

    private async Task PublishAsync(
        IResource resource, string replica, ExecutableSpec spec, ExecutableStatus status, CancellationToken cancel)
    {
        var state = status.State switch
        {
            "Terminated" => KnownResourceStates.Exited,
            null or "" or "Unknown" => KnownResourceStates.Starting,
            var known => known,
        };

        await notifications.PublishUpdateAsync(resource, replica, snapshot => snapshot with
        {
            State = state,
            ExitCode = status.ExitCode,
            StartTimeStamp = status.StartupTimestamp,
            StopTimeStamp = status.FinishTimestamp,
            Properties =
            [
                new("executable.path", spec.ExecutablePath),
                new("executable.workDir", spec.WorkingDirectory),
                new("executable.args", status.EffectiveArgs ?? spec.Args) { IsSensitive = true },
                new("executable.pid", status.Pid),
            ],
            EnvironmentVariables =
            [
                .. (status.EffectiveEnv ?? []).Select(one =>
                    new EnvironmentVariableSnapshot(one.Name, one.Value, IsFromSpec: true)),
            ],
        });

        if (state == KnownResourceStates.Running)
        {
            WatchHealth(resource, replica, cancel);
        }
        else if (_running.TryRemove(replica, out var watch))
        {
            await watch.CancelAsync();
            await notifications.PublishUpdateAsync(
                resource, replica, snapshot => snapshot with { IsReady = false, HealthReports = [] });
        }

        if (state == KnownResourceStates.FailedToStart
            || (state == KnownResourceStates.Finished && status.ExitCode != 0))
        {
            _ = ReportFailureAsync(replica, status, cancel);
        }
    }

    private void WatchHealth(IResource resource, string replica, CancellationToken cancel)
    {
        var watch = CancellationTokenSource.CreateLinkedTokenSource(cancel);

        if (_running.TryAdd(replica, watch))
        {
            _ = health.WatchAsync(resource, replica, watch.Token);
        }
        else
        {
            watch.Dispose();
        }
    }

    private async Task<ProcessCommand> CommandAsync(IResource resource, CancellationToken cancel)
    {
        if (resource is ProjectResource project)
        {
            var metadata = project.GetProjectMetadata();
            return new("dotnet", ["exec", outputs.Find(metadata)], Path.GetDirectoryName(metadata.ProjectPath)!);
        }

        return await resource.Annotations.OfType<ProcessAnnotation>().Single().Prepare(_logger, cancel);
    }

    private static Dictionary<string, string>? Produces(IResource resource)
    {
        var services = resource.Annotations.OfType<EndpointAnnotation>()
            .Where(endpoint => endpoint.IsProxied)
            .Select(endpoint => new
            {
                serviceName = ProcessConfiguration.ServiceName(resource, endpoint),
                address = "127.0.0.1",
                port = endpoint.TargetPort,
            })
            .ToList();

        return services.Count == 0
            ? null
            : new(StringComparer.Ordinal) { ["service-producer"] = JsonSerializer.Serialize(services) };
    }

    private async Task ReportFailureAsync(string replica, ExecutableStatus status, CancellationToken cancel)
    {
        var lines = new List<string>();

        foreach (var source in (string[])["stdout", "stderr"])
        {
            await using var log = await dcp.Client.ReadLogAsync(replica, source, follow: false, cancel);
            using var reader = new StreamReader(log);
            lines.AddRange((await reader.ReadToEndAsync(cancel)).Split('\n').TakeLast(LogTailLines));
        }

        _logger.LogError(
            "{Replica} ended with exit code {ExitCode}. Its last output:\n{Output}",
            replica, status.ExitCode, string.Join('\n', lines).Trim());
    }

    private Task PublishAsync(IResource resource, string replica, string state) =>
        notifications.PublishUpdateAsync(
            resource, replica, snapshot => snapshot with { State = state, ExitCode = null });
}
