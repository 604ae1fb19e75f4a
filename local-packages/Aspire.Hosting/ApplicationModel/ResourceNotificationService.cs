using System.Collections.Concurrent;
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
            var before = _current.GetValueOrDefault(resourceId)?.Snapshot ?? Initial(resource);
            var after = stateFactory(before);
            var update = new ResourceEvent(
                resource, resourceId, after with { Commands = CommandStates.Of(resource, after, _services) });
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
    public async Task<ResourceEvent> WaitForResourceHealthyAsync(
        string resourceName, CancellationToken cancellationToken = default) =>
        await WaitForResourceAsync(resourceName, AllReplicas(IsHealthy), cancellationToken);

    /// <summary>Waits for all that the resource was told to wait for.</summary>
    /// <exception cref="DistributedApplicationException">A dependency ended so that waiting is in vain.</exception>
    public Task WaitForDependenciesAsync(IResource resource, CancellationToken cancellationToken) =>
        Task.WhenAll(resource.Annotations
            .OfType<WaitAnnotation>()
            .Select(wait => WaitForAsync(wait, cancellationToken)));

    private async Task WaitForAsync(WaitAnnotation wait, CancellationToken cancel)
    {
        var reached = AllReplicas(wait.WaitType switch
        {
            WaitType.WaitUntilHealthy => IsHealthy,
            WaitType.WaitUntilStarted => snapshot => snapshot.State?.Text == KnownResourceStates.Running,
            _ => HasEnded,
        });
        var name = wait.Resource.Name;
        var last = await WaitForResourceAsync(name, update => HasFailedToStart(update) || reached(update), cancel);

        if (HasFailedToStart(last))
        {
            throw new DistributedApplicationException($"Dependency resource '{name}' failed to start.");
        }

        if (wait.WaitType == WaitType.WaitForCompletion && last.Snapshot.ExitCode != wait.ExitCode)
        {
            throw new DistributedApplicationException(
                $"Resource '{name}' has entered the '{last.Snapshot.State?.Text}' state"
                + $" with exit code '{last.Snapshot.ExitCode}', expected '{wait.ExitCode}'.");
        }
    }

    private Func<ResourceEvent, bool> AllReplicas(Func<CustomResourceSnapshot, bool> condition) => update =>
        update.Resource.ReplicaNames().All(name =>
            TryGetCurrentState(name, out var state) && condition(state.Snapshot));

    private static bool IsHealthy(CustomResourceSnapshot snapshot) =>
        snapshot is { HealthStatus: HealthStatus.Healthy, IsReady: true };

    private static bool HasEnded(CustomResourceSnapshot snapshot) =>
        KnownResourceStates.IsTerminal(snapshot.State?.Text);

    private static bool HasFailedToStart(ResourceEvent update) =>
        update.Snapshot.State?.Text == KnownResourceStates.FailedToStart;

    private static bool Concerns(ResourceEvent update, string name) =>
        string.Equals(update.Resource.Name, name, StringComparison.OrdinalIgnoreCase)
        || string.Equals(update.ResourceId, name, StringComparison.OrdinalIgnoreCase);

    private CustomResourceSnapshot Initial(IResource resource) => new()
    {
        ResourceType = resource.GetType().Name.Replace("Resource", "", StringComparison.Ordinal),
        Properties = [],
        CreationTimeStamp = _clock.GetUtcNow().UtcDateTime,
    };
}
