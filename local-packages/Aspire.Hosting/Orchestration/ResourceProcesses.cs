using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Dashboard;
using Aspire.Hosting.Dcp;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Orchestration;

/// <summary>Starts and stops the processes of resources under the orchestrator.</summary>
internal sealed class ResourceProcesses(
    DcpHost dcp,
    ProjectOutputs outputs,
    ProcessWatch watch,
    FailureReports failures,
    DashboardOptions dashboard,
    IHostEnvironment environment,
    DistributedApplicationExecutionContext execution,
    ResourceNotificationService notifications,
    ILoggerFactory loggers)
{
    private const string Kind = "executables";

    private readonly ILogger _logger = loggers.CreateLogger<DistributedApplication>();
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = [];

    /// <summary>Whether a resource is a process, and not a value or a part of another one.</summary>
    public static bool IsProcess(IResource resource) =>
        resource is ProjectResource || resource.Annotations.OfType<ProcessAnnotation>().Any();

    /// <summary>Starts every replica, and returns when each runs or has ended.</summary>
    public Task StartAsync(IResource resource, CancellationToken cancel) =>
        Task.WhenAll(resource.ReplicaNames().Select(replica => StartWaitingAsync(resource, replica, cancel)));

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

    private async Task StartWaitingAsync(IResource resource, string replica, CancellationToken cancel)
    {
        using var turn = await TurnAsync(replica, cancel);

        // A person may have started it while it waited, and it may even have ended since.
        if (notifications.TryGetCurrentState(replica, out var state)
            && state.Snapshot.State?.Text == KnownResourceStates.Waiting)
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

    /// <summary>Ends what still runs of a resource at once, with all that it has started.</summary>
    /// <returns>Whether anything still ran.</returns>
    public bool Kill(IResource resource)
    {
        var hasKilled = false;

        foreach (var pid in resource.ReplicaNames().Select(watch.RunningPid).OfType<int>())
        {
            try
            {
                using var process = Process.GetProcessById(pid);
                process.Kill(entireProcessTree: true);
                hasKilled = true;
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException)
            {
                // It has just ended by itself.
            }
        }

        return hasKilled;
    }

    /// <summary>Publishes how the processes fare, until the orchestrator ends or the token ends it.</summary>
    public Task WatchAsync(CancellationToken cancel) => watch.RunAsync(Kind, cancel);

    /// <summary>Publishes that the orchestrator is gone, and every process with it; kills what it left.</summary>
    public async Task PublishAllGoneAsync(IEnumerable<IResource> resources)
    {
        foreach (var resource in resources)
        {
            Kill(resource);
        }

        await watch.PublishAllGoneAsync();
    }

    private async Task StartInTurnAsync(IResource resource, string replica, CancellationToken cancel)
    {
        // A process that ran before under this name makes room for its successor.
        if (watch.IsExpected(replica))
        {
            await dcp.Client.DeleteAsync(Kind, replica, cancel);
        }

        var launch = watch.Expect(resource, replica);
        await notifications.PublishUpdateAsync(
            resource, replica, snapshot => ProcessSnapshots.Starting(snapshot, resource));

        try
        {
            await CreateAsync(resource, replica, launch, cancel);
        }
        // Callbacks are the application author's code: whatever they throw, this one resource cannot start.
        catch (Exception e) when (e is not OperationCanceledException)
        {
            await failures.CannotStartAsync(resource, replica, e.Message);
            throw e as DistributedApplicationException ?? new DistributedApplicationException(e.Message, e);
        }

        var begun = await notifications.WaitForResourceAsync(
            replica, update => update.Snapshot.State?.Text is var state
                && (state == KnownResourceStates.Running || KnownResourceStates.IsTerminal(state)), cancel);

        if (begun.Snapshot.State?.Text == KnownResourceStates.FailedToStart)
        {
            throw new DistributedApplicationException(await ReasonAsync(replica, cancel));
        }
    }

    // The state comes first, and the reason when the orchestrator's log has been read.
    private async Task<string> ReasonAsync(string replica, CancellationToken cancel)
    {
        object? reason = null;
        await notifications.WaitForResourceAsync(
            replica,
            update =>
            {
                reason = update.Snapshot.Properties.Find(ResourceProperties.Reason);
                return reason is not null || update.Snapshot.State?.Text != KnownResourceStates.FailedToStart;
            },
            cancel);
        return $"{reason}";
    }

    private async Task CreateAsync(
        IResource resource, string replica, KeyValuePair<string, string> launch, CancellationToken cancel)
    {
        var values = await ValueResources.ValuesAsync(resource, cancel);
        var command = await CommandAsync(resource, cancel);
        var configuration = await ProcessConfiguration.BuildAsync(
            resource, replica, dashboard, environment.IsDevelopment(), execution, cancel);
        var annotations = new Dictionary<string, string>([launch], StringComparer.Ordinal);

        if (Services(resource) is { } services)
        {
            annotations["service-producer"] = services;
        }

        await notifications.PublishUpdateAsync(resource, replica, snapshot => snapshot with
        {
            Properties = snapshot.Properties.With(
                [new("executable.path", command.Shown), .. values, .. configuration.Shown()]),
        });
        await dcp.Client.CreateAsync<ExecutableSpec, ExecutableStatus>(
            Kind,
            new(
                new(replica) { Annotations = annotations },
                new(command.Program, command.WorkingDirectory)
                {
                    Args = [.. command.Arguments, .. configuration.Arguments],
                    Env = [.. configuration.Variables.Select(variable => new NameValue(variable.Key, variable.Value))],
                })
            {
                Kind = "Executable",
            },
            cancel);
    }

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
        watch.ExpectEnd(replica);

        // Not started, or its start failed before the orchestrator heard of it: there is nothing to stop.
        if (watch.IsExpected(replica)
            && await dcp.Client.PatchAsync(Kind, replica, new { spec = new { stop = true } }, cancel))
        {
            await notifications.WaitForResourceAsync(
                replica, update => KnownResourceStates.IsTerminal(update.Snapshot.State?.Text), cancel);
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

    /// <summary>Which public ports the process stands behind, in the orchestrator's words.</summary>
    private static string? Services(IResource resource)
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

        return services.Count == 0 ? null : JsonSerializer.Serialize(services);
    }
}
