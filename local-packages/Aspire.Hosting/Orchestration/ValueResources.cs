using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Orchestration;

/// <summary>
/// Shows what is no process: parameters and connection strings with their values, and parts of a process, such as the
/// databases of a server, which fare as it does.
/// </summary>
internal sealed class ValueResources(
    IResourceCollection resources,
    ResourceNotificationService notifications,
    ResourceLoggerService consoles,
    ILogger<DistributedApplication> logger) : BackgroundService
{
    /// <summary>Publishes a value, or why there is none; and of a part, that it waits for its parent.</summary>
    public async Task PublishAsync(IResource resource, CancellationToken cancel)
    {
        if (resource is IResourceWithParent part)
        {
            await PublishPartAsync(part);
            return;
        }

        try
        {
            var values = await ValuesAsync(resource, cancel);
            await PublishAsync(resource, KnownResourceStates.Running, isReady: true, values);
        }
        catch (DistributedApplicationException e)
        {
            logger.LogError("{Resource} has no value: {Reason}", resource.Name, e.Message);
            consoles.GetLogger(resource).LogError("No value: {Reason}", e.Message);
            ResourceStateSnapshot state = resource is ParameterResource
                ? new(KnownResourceStates.ValueMissing, KnownResourceStateStyles.Warn)
                : new(KnownResourceStates.FailedToStart, KnownResourceStateStyles.Error);
            await PublishAsync(resource, state, isReady: false, [new(ResourceProperties.Reason, e.Message)]);
        }
    }

    /// <summary>The value itself; every connection string is taken for a secret, since most contain one.</summary>
    /// <exception cref="DistributedApplicationException">There is no value: the message says why.</exception>
    public static async Task<ResourcePropertySnapshot[]> ValuesAsync(IResource resource, CancellationToken cancel) =>
        resource switch
        {
            ParameterResource parameter =>
                [new("Value", await parameter.GetValueAsync(cancel)) { IsSensitive = parameter.Secret }],
            IResourceWithConnectionString source =>
            [
                new("resource.connectionString", await source.GetConnectionStringAsync(cancel)) { IsSensitive = true },
            ],
            _ => [],
        };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var update in notifications.WatchAsync(stoppingToken))
        {
            foreach (var part in resources.OfType<IResourceWithParent>().Where(one => one.Parent == update.Resource))
            {
                await PublishPartAsync(part);
            }
        }
    }

    // The parent is looked at anew each time, and not as it was when it changed: the last look is always right.
    private async Task PublishPartAsync(IResourceWithParent part)
    {
        var parent = notifications.TryGetCurrentState(part.Parent.ReplicaNames()[0], out var known)
            ? known.Snapshot
            : null;
        var isReady = parent is { IsReady: true } && parent.State?.Text == KnownResourceStates.Running;
        var isWaiting = !isReady && (parent is null || !KnownResourceStates.IsTerminal(parent.State?.Text));
        IReadOnlyList<string>? waitingFor = isWaiting ? [part.Parent.Name] : null;
        var values = isReady ? await ValuesAsync(part, CancellationToken.None) : [];

        await PublishAsync(
            part,
            isWaiting ? KnownResourceStates.Waiting : parent!.State,
            isReady,
            [.. values, new(ResourceProperties.WaitingFor, waitingFor)]);
    }

    private async Task PublishAsync(
        IResource resource, ResourceStateSnapshot? state, bool isReady, ResourcePropertySnapshot[] properties)
    {
        if (!notifications.TryGetCurrentState(resource.Name, out var known)
            || (known.Snapshot.State, known.Snapshot.IsReady) != (state, isReady))
        {
            await notifications.PublishUpdateAsync(resource, snapshot => snapshot with
            {
                State = state,
                IsReady = isReady,
                Properties = snapshot.Properties.With(properties),
            });
        }
    }
}
