using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Dashboard;
using Aspire.Hosting.Dcp;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Orchestration;

/// <summary>
/// Brings the application up and down: free ports, the orchestrator, public endpoints, the dashboard, then each
/// resource when what it waits for is there. Down in the opposite order, and within seconds.
/// </summary>
internal sealed class Orchestrator(
    IResourceCollection resources,
    DcpHost dcp,
    ResourceProcesses processes,
    ResourceNotificationService notifications,
    DashboardOptions dashboard,
    ResourceService resourceService,
    IConfiguration configuration,
    ILogger<DistributedApplication> logger) : IHostedService, IDisposable
{
    // Each layer of resources gets this long to stop by itself; what is left is killed with the orchestrator.
    private static readonly TimeSpan LayerStopTimeLimit = TimeSpan.FromSeconds(3);

    // A killed AppHost's processes are being stopped by its orchestrator while the next one starts.
    private static readonly TimeSpan PortPatience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan StopTimeLimit = TimeSpan.FromSeconds(9);

    private readonly CancellationTokenSource _stopping = new();

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await StartAllAsync(cancellationToken);
        }
        catch
        {
            await StopAsync(CancellationToken.None);
            throw;
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (!dcp.HasStarted || _stopping.IsCancellationRequested)
        {
            return;
        }

        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(StopTimeLimit);

        foreach (var layer in StopOrder.Layers([.. resources.Where(ResourceProcesses.IsProcess)]))
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(limited.Token);
            patience.CancelAfter(LayerStopTimeLimit);

            try
            {
                await Task.WhenAll(layer.Select(resource => processes.StopAsync(resource, patience.Token)));
            }
            catch (OperationCanceledException)
            {
                logger.LogWarning(
                    "Not stopped in time: {Resources}", string.Join(", ", layer.Select(resource => resource.Name)));
            }
        }

        await _stopping.CancelAsync();
        await dcp.StopAsync(limited.Token);
    }

    public void Dispose() => _stopping.Dispose();

    private async Task StartAllAsync(CancellationToken cancel)
    {
        var ownPorts = configuration.GetValue<bool>("DcpPublisher:RandomizePorts") ? [] : PublicPorts.Of(resources);
        await PublicPorts.EnsureFreeAsync([.. ownPorts, .. dashboard.FixedPorts], PortPatience, configuration, cancel);

        var bundle = DcpBundle.Find();
        await dcp.StartAsync(bundle, cancel);
        _ = WatchAsync();
        await AllocateEndpointsAsync(cancel);

        foreach (var resource in resources.Where(ResourceProcesses.IsProcess))
        {
            Replicas.Assign(resource);
            LifecycleCommands.AddTo(resource);
        }

        var starts = resources.Select(resource => StartAsync(resource, cancel)).ToList();

        if (dashboard.IsEnabled)
        {
            await resourceService.StartAsync(cancel);
            starts.Add(DashboardProcess.StartAsync(dashboard, bundle.DashboardProgram, dcp.Client, cancel));
        }

        await Task.WhenAll(starts);

        if (dashboard.IsEnabled)
        {
            logger.LogInformation("Login to the dashboard at {DashboardLoginUrl}", dashboard.LoginUrl);
        }
    }

    private async Task StartAsync(IResource resource, CancellationToken cancel)
    {
        if (!ResourceProcesses.IsProcess(resource))
        {
            if (resource is not IResourceWithParent)
            {
                await notifications.PublishUpdateAsync(resource, snapshot => snapshot with
                {
                    State = KnownResourceStates.Running,
                    IsReady = true,
                });
            }

            return;
        }

        if (resource.Annotations.OfType<ExplicitStartupAnnotation>().Any())
        {
            await PublishAsync(resource, KnownResourceStates.NotStarted);
            return;
        }

        try
        {
            await PublishAsync(resource, KnownResourceStates.Waiting);
            await notifications.WaitForDependenciesAsync(resource, cancel);
            await processes.StartAsync(resource, cancel);
        }
        catch (DistributedApplicationException e)
        {
            logger.LogError("{Resource} cannot start: {Reason}", resource.Name, e.Message);
            await PublishAsync(resource, KnownResourceStates.FailedToStart);
        }
    }

    private Task PublishAsync(IResource resource, string state) =>
        notifications.PublishUpdateAsync(resource, snapshot => snapshot with { State = state });

    private async Task WatchAsync()
    {
        try
        {
            await processes.WatchAsync(_stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // The application stops.
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            if (!_stopping.IsCancellationRequested)
            {
                logger.LogCritical(e, "The orchestrator is gone, and with it every resource: stop and start again");
            }
        }
    }

    private async Task AllocateEndpointsAsync(CancellationToken cancel)
    {
        foreach (var resource in resources)
        {
            foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>())
            {
                endpoint.AllocatedPort = await AllocateAsync(resource, endpoint, cancel);
            }
        }
    }

    private async Task<int> AllocateAsync(IResource resource, EndpointAnnotation endpoint, CancellationToken cancel)
    {
        var port = configuration.GetValue<bool>("DcpPublisher:RandomizePorts") ? null : endpoint.Port;

        if (!endpoint.IsProxied)
        {
            return port ?? PublicPorts.Free();
        }

        var name = ProcessConfiguration.ServiceName(resource, endpoint);
        var service = new DcpObject<ServiceSpec, ServiceStatus>(new(name), new("TCP", "Localhost") { Port = port })
        {
            Kind = "Service",
        };
        await dcp.Client.CreateAsync("services", service, cancel);

        await foreach (var change in dcp.Client.WatchAsync<ServiceSpec, ServiceStatus>("services", cancel))
        {
            if (change.Object.Metadata.Name == name && change.Object.Status?.EffectivePort is { } found and > 0)
            {
                return found;
            }
        }

        throw new DistributedApplicationException($"The orchestrator gave '{name}' no port.");
    }
}
