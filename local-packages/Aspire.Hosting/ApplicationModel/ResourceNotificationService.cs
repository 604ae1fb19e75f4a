using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.ApplicationModel;

public class ResourceEvent(IResource resource, string resourceId, CustomResourceSnapshot snapshot)
{
    public IResource Resource => resource;

    public string ResourceId => resourceId;

    public CustomResourceSnapshot Snapshot => snapshot;
}

/// <summary>The state of every resource, and of each replica by itself: to publish, to watch, to wait for.</summary>
public class ResourceNotificationService
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ResourceEvent> _current = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<Channel<ResourceEvent>, bool> _watchers = [];

    private readonly TimeProvider _clock;
    private readonly IServiceProvider _services;

    /// <param name="services">What commands may ask for when they say whether they can be given.</param>
    internal ResourceNotificationService(TimeProvider clock, IServiceProvider? services = null)
    {
        _clock = clock;
        _services = services ?? new ServiceCollection().BuildServiceProvider();
    }

    /// <summary>
    /// Whether what has ended may yet be started, by a person at the dashboard, so that waiting for it goes on.
    /// </summary>
    internal bool WaitsForUnavailable { get; init; }

    /// <summary>Changes the state of all replicas of a resource.</summary>
    public async Task PublishUpdateAsync(
        IResource resource, Func<CustomResourceSnapshot, CustomResourceSnapshot> stateFactory)
    {
        foreach (var replica in resource.ReplicaNames())
        {
            await PublishUpdateAsync(resource, replica, stateFactory);
        }
    }

    public Task PublishUpdateAsync(
        IResource resource, string resourceId, Func<CustomResourceSnapshot, CustomResourceSnapshot> stateFactory)
    {
        lock (_lock)
        {
            var before = _current.GetValueOrDefault(resourceId)?.Snapshot ?? InitialSnapshot.Of(resource, _clock);
            var update = new ResourceEvent(
                resource, resourceId, DerivedFacts.AddTo(stateFactory(before), resource, _services));
            _current[resourceId] = update;

            foreach (var watcher in _watchers.Keys)
            {
                watcher.Writer.TryWrite(update);
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>The state of the replica of this id, or of the resource of this name when it has one replica.</summary>
    public bool TryGetCurrentState(
        string resourceId, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ResourceEvent? resourceEvent)
    {
        lock (_lock)
        {
            if (!_current.TryGetValue(resourceId, out resourceEvent) && ReplicasCalled(resourceId) is [var only])
            {
                resourceEvent = _current[only];
            }

            return resourceEvent is not null;
        }
    }

    /// <summary>The ids of the replicas of a resource.</summary>
    internal IReadOnlyList<string> ReplicasCalled(string resourceName)
    {
        lock (_lock)
        {
            return
            [
                .. _current.Values
                    .Where(one => string.Equals(one.Resource.Name, resourceName, StringComparison.OrdinalIgnoreCase))
                    .Select(one => one.ResourceId),
            ];
        }
    }

    internal IReadOnlyList<ResourceEvent> Current()
    {
        lock (_lock)
        {
            return [.. _current.Values];
        }
    }

    /// <summary>The present state of everything, then every change.</summary>
    public async IAsyncEnumerable<ResourceEvent> WatchAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var channel = Channel.CreateUnbounded<ResourceEvent>();

        lock (_lock)
        {
            foreach (var known in _current.Values)
            {
                channel.Writer.TryWrite(known);
            }

            _watchers[channel] = true;
        }

        try
        {
            await foreach (var update in channel.Reader.ReadAllAsync(cancellationToken))
            {
                yield return update;
            }
        }
        finally
        {
            _watchers.TryRemove(channel, out _);
        }
    }

    public Task WaitForResourceAsync(
        string resourceName, string? targetState = null, CancellationToken cancellationToken = default) =>
        WaitForResourceAsync(resourceName, [targetState ?? KnownResourceStates.Running], cancellationToken);

    public async Task<string> WaitForResourceAsync(
        string resourceName, IEnumerable<string> targetStates, CancellationToken cancellationToken = default)
    {
        var states = targetStates.ToList();
        var found = await WaitForResourceAsync(
            resourceName, update => states.Contains(update.Snapshot.State?.Text ?? ""), cancellationToken);
        return found.Snapshot.State!.Text;
    }

    public async Task<ResourceEvent> WaitForResourceAsync(
        string resourceName, Func<ResourceEvent, bool> predicate, CancellationToken cancellationToken = default)
    {
        await foreach (var update in WatchAsync(cancellationToken))
        {
            if (Concerns(update, resourceName) && predicate(update))
            {
                return update;
            }
        }

        throw new OperationCanceledException($"Resource '{resourceName}' did not come to the awaited state.");
    }

    /// <summary>Waits until every replica is running, healthy and ready.</summary>
    /// <exception cref="DistributedApplicationException">A replica has ended, and nobody may start it.</exception>
    public Task<ResourceEvent> WaitForResourceHealthyAsync(
        string resourceName, CancellationToken cancellationToken = default) =>
        WaitForAsync(resourceName, IsHealthy, cancellationToken);

    /// <summary>Waits for all that the resource was told to wait for.</summary>
    /// <exception cref="DistributedApplicationException">A dependency ended so that waiting is in vain.</exception>
    public async Task WaitForDependenciesAsync(IResource resource, CancellationToken cancellationToken)
    {
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var pending = resource.Annotations.OfType<WaitAnnotation>()
            .ToDictionary(wait => WaitForAsync(wait, failed.Token), wait => wait.Resource.Name);

        try
        {
            while (pending.Count > 0)
            {
                await PublishWaitingAsync(resource, pending.Values);
                var met = await Task.WhenAny(pending.Keys);
                pending.Remove(met);
                await met;
            }
        }
        finally
        {
            await failed.CancelAsync();
            await PublishWaitingAsync(resource, []);
        }
    }

    private Task PublishWaitingAsync(IResource resource, IEnumerable<string> names)
    {
        IReadOnlyList<string> waitingFor = [.. names.Distinct(StringComparer.Ordinal)];
        return PublishUpdateAsync(resource, snapshot => snapshot with
        {
            Properties = snapshot.Properties.With(
                new ResourcePropertySnapshot(ResourceProperties.WaitingFor, waitingFor.Count == 0 ? null : waitingFor)),
        });
    }

    private Task WaitForAsync(WaitAnnotation wait, CancellationToken cancel) => wait.WaitType switch
    {
        WaitType.WaitUntilHealthy => WaitForAsync(wait.Resource.Name, IsHealthy, cancel),
        WaitType.WaitUntilStarted => WaitForAsync(wait.Resource.Name, IsRunning, cancel),
        _ => WaitForEndAsync(wait.Resource.Name, wait.ExitCode, cancel),
    };

    private async Task<ResourceEvent> WaitForAsync(
        string name, Func<CustomResourceSnapshot, bool> condition, CancellationToken cancel)
    {
        var reached = AllReplicas(condition);
        var last = await WaitForResourceAsync(name, update => IsInVain(update.Snapshot) || reached(update), cancel);

        return IsInVain(last.Snapshot)
            ? throw new DistributedApplicationException($"waiting for '{name}' is in vain: {HowEnded(last.Snapshot)}.")
            : last;

        bool IsInVain(CustomResourceSnapshot snapshot) => HasEnded(snapshot) && !WaitsForUnavailable;
    }

    private async Task WaitForEndAsync(string name, int exitCode, CancellationToken cancel)
    {
        var reached = AllReplicas(snapshot => HasEnded(snapshot) && snapshot.ExitCode == exitCode);
        var last = await WaitForResourceAsync(name, update => IsInVain(update.Snapshot) || reached(update), cancel);

        if (IsInVain(last.Snapshot))
        {
            throw new DistributedApplicationException(string.Create(
                CultureInfo.InvariantCulture,
                $"it waits for exit code {exitCode} of '{name}', but {HowEnded(last.Snapshot)}."));
        }

        bool IsInVain(CustomResourceSnapshot snapshot) => HasEnded(snapshot) && snapshot.ExitCode != exitCode;
    }

    private static string HowEnded(CustomResourceSnapshot snapshot) =>
        snapshot.State?.Text == KnownResourceStates.FailedToStart
            ? "that could not start"
            : string.Create(CultureInfo.InvariantCulture, $"that ended with exit code {snapshot.ExitCode}");

    private Func<ResourceEvent, bool> AllReplicas(Func<CustomResourceSnapshot, bool> condition) => update =>
        update.Resource.ReplicaNames().All(name =>
            TryGetCurrentState(name, out var state) && condition(state.Snapshot));

    private static bool IsHealthy(CustomResourceSnapshot snapshot) =>
        snapshot is { HealthStatus: HealthStatus.Healthy, IsReady: true };

    private static bool IsRunning(CustomResourceSnapshot snapshot) =>
        snapshot.State?.Text == KnownResourceStates.Running;

    private static bool HasEnded(CustomResourceSnapshot snapshot) =>
        KnownResourceStates.IsTerminal(snapshot.State?.Text);

    private static bool Concerns(ResourceEvent update, string name) =>
        string.Equals(update.Resource.Name, name, StringComparison.OrdinalIgnoreCase)
        || string.Equals(update.ResourceId, name, StringComparison.OrdinalIgnoreCase);
}
