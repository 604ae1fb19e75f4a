using System.Collections.Concurrent;
using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Dcp;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Orchestration;

/// <summary>Publishes how the processes under the orchestrator fare: state, health, and why one failed.</summary>
internal sealed class ProcessWatch(
    DcpHost dcp,
    HealthMonitor health,
    ResourceNotificationService notifications,
    FailureReports failures,
    ILogger<DistributedApplication> logger)
{
    private const string LaunchAnnotation = "launch";

    private readonly ConcurrentDictionary<string, Launch> _launches = [];
    private readonly ConcurrentDictionary<string, CancellationTokenSource> _running = [];
    private int _launchCount;

    /// <summary>
    /// Which launch of the replica the orchestrator has last reported: each has an output of its own. Null before the
    /// first, and between a stop and the next.
    /// </summary>
    public string? ReportedLaunch(string replica) =>
        _launches.TryGetValue(replica, out var launch) && launch.IsReported ? launch.Number : null;

    /// <summary>Whether the replica was ever to start.</summary>
    public bool IsExpected(string replica) => _launches.ContainsKey(replica);

    /// <summary>From now on this replica's reports count if they carry the returned annotation.</summary>
    public KeyValuePair<string, string> Expect(IResource resource, string replica)
    {
        var number = Interlocked.Increment(ref _launchCount).ToString(CultureInfo.InvariantCulture);
        _launches[replica] = new(resource, number);
        return new(LaunchAnnotation, number);
    }

    /// <summary>From now on the end of this replica's process is no failure, whatever its exit code.</summary>
    public void ExpectEnd(string replica)
    {
        if (_launches.TryGetValue(replica, out var launch))
        {
            launch.IsToEnd = true;
        }
    }

    /// <summary>The process of a replica; null when none runs.</summary>
    public int? RunningPid(string replica) =>
        notifications.TryGetCurrentState(replica, out var known)
        && (known.Snapshot.State?.Text is var state)
        && (state == KnownResourceStates.Running || state == KnownResourceStates.Stopping)
            ? known.Snapshot.Properties.FirstOrDefault(property => property.Name == "executable.pid")?.Value as int?
            : null;

    /// <summary>Publishes what the orchestrator reports, until it ends or the token ends it.</summary>
    public async Task RunAsync(string kind, CancellationToken cancel)
    {
        await foreach (var change in dcp.Client.WatchAsync<ExecutableSpec, ExecutableStatus>(kind, cancel))
        {
            var (replica, annotations) = (change.Object.Metadata.Name, change.Object.Metadata.Annotations);

            // A process that made room for its successor under the same name is still reported for a while.
            if (change.Type != "DELETED" && change.Object.Status is { } status
                && _launches.TryGetValue(replica, out var launch)
                && annotations?.GetValueOrDefault(LaunchAnnotation) == launch.Number)
            {
                launch.IsReported = true;
                await PublishAsync(launch, replica, change.Object.Spec, status, cancel);
            }
        }
    }

    /// <summary>Nothing that ran runs any more.</summary>
    public async Task PublishAllGoneAsync()
    {
        foreach (var (replica, launch) in _launches)
        {
            await EndHealthAsync(launch.Resource, replica);
            await notifications.PublishUpdateAsync(launch.Resource, replica, snapshot =>
                KnownResourceStates.IsTerminal(snapshot.State?.Text)
                    ? snapshot
                    : snapshot with { State = KnownResourceStates.Exited });
        }
    }

    private async Task PublishAsync(
        Launch launch, string replica, ExecutableSpec spec, ExecutableStatus status, CancellationToken cancel)
    {
        var resource = launch.Resource;
        var state = status.State switch
        {
            "Terminated" => KnownResourceStates.Exited,
            null or "" or "Unknown" => KnownResourceStates.Starting,
            var known => known,
        };
        var isNew = !notifications.TryGetCurrentState(replica, out var before) || before.Snapshot.State?.Text != state;

        if (state != KnownResourceStates.Running)
        {
            await EndHealthAsync(resource, replica);
        }

        await notifications.PublishUpdateAsync(
            resource, replica, snapshot => ProcessSnapshots.Reported(snapshot, state, spec, status));

        if (state == KnownResourceStates.Running)
        {
            WatchHealth(resource, replica, cancel);
        }
        else if (isNew && KnownResourceStates.IsTerminal(state) && !launch.IsToEnd)
        {
            _ = ReportEndAsync(resource, replica, state, spec, status, cancel);
        }
    }

    private void WatchHealth(IResource resource, string replica, CancellationToken cancel)
    {
        var watch = CancellationTokenSource.CreateLinkedTokenSource(cancel);

        if (_running.TryAdd(replica, watch))
        {
            _ = WatchHealthAsync(resource, replica, watch.Token);
        }
        else
        {
            watch.Dispose();
        }
    }

    private async Task WatchHealthAsync(IResource resource, string replica, CancellationToken cancel)
    {
        try
        {
            await health.WatchAsync(resource, replica, cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // It no longer runs.
        }
        // Nobody awaits this watch. Without it the replica keeps its last health, which a person must know.
        catch (Exception e)
        {
            logger.LogError(e, "The health of {Replica} is not watched any more", replica);
        }
    }

    private async Task EndHealthAsync(IResource resource, string replica)
    {
        if (_running.TryRemove(replica, out var watch))
        {
            await watch.CancelAsync();
            watch.Dispose();
            await notifications.PublishUpdateAsync(
                resource, replica, snapshot => snapshot with
                {
                    IsReady = false,
                    HealthReports = InitialSnapshot.UnknownHealth(resource),
                });
        }
    }

    private async Task ReportEndAsync(
        IResource resource,
        string replica,
        string state,
        ExecutableSpec spec,
        ExecutableStatus status,
        CancellationToken cancel)
    {
        try
        {
            if (state == KnownResourceStates.FailedToStart)
            {
                await failures.NotStartedAsync(resource, replica, spec.ExecutablePath, cancel);
            }
            else if (state == KnownResourceStates.Finished && status.ExitCode != 0)
            {
                await failures.EndedAsync(replica, status.ExitCode, cancel);
            }
        }
        // Nobody awaits this report; its end must be told also when its output is not to be had.
        catch (Exception e)
        {
            logger.LogError(e, "{Replica} has failed, and its output cannot be read", replica);
        }
    }

    private sealed class Launch(IResource resource, string number)
    {
        public IResource Resource => resource;

        public string Number => number;

        public volatile bool IsReported;
        public volatile bool IsToEnd;
    }
}
