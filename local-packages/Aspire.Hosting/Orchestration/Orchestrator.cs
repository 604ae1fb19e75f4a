using System.Globalization;
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
    ValueResources values,
    FailureReports failures,
    DashboardOptions dashboard,
    ResourceService resourceService,
    IConfiguration configuration,
    IHostApplicationLifetime lifetime,
    ILogger<DistributedApplication> logger) : IHostedService, IDisposable
{
    // Each layer of resources gets this long to stop by itself, all of them together no more than the limit; what then
    // still runs is killed. Stopping is over within ten seconds, whatever happens.
    private static readonly TimeSpan LayerStopTimeLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan StopTimeLimit = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan OrchestratorStopTimeLimit = TimeSpan.FromSeconds(2);

    // A killed AppHost's processes are being stopped by its orchestrator while the next one starts.
    private const string PortPatienceKey = "LocalEdition:PortPatienceSeconds";
    private const int PortPatienceSeconds = 15;

    private static readonly TimeSpan AllocationTimeLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan DashboardTimeLimit = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _lost = new();
    private Task _watching = Task.CompletedTask;
    private int _stopCount;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        using var starting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _lost.Token);

        try
        {
            await StartAllAsync(starting.Token);
        }
        catch
        {
            await StopAsync(CancellationToken.None);
            throw;
        }
    }

    /// <exception cref="DistributedApplicationException">The orchestrator was gone before.</exception>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _stopCount) > 1 || !dcp.HasStarted)
        {
            return;
        }

        using var limited = new CancellationTokenSource(_lost.IsCancellationRequested ? TimeSpan.Zero : StopTimeLimit);

        foreach (var layer in StopOrder.Layers([.. resources.Where(ResourceProcesses.IsProcess)]))
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(limited.Token);
            patience.CancelAfter(LayerStopTimeLimit);
            var isAnswered = await Task.WhenAll(layer.Select(resource => StopOrKillAsync(resource, patience.Token)));

            if (isAnswered.Contains(false))
            {
                // Nobody is there to stop the others either: they are killed without another wait.
                await limited.CancelAsync();
            }
        }

        await _stopping.CancelAsync();
        await _watching;
        await StopOrchestratorAsync();

        if (_lost.IsCancellationRequested)
        {
            throw new DistributedApplicationException(
                "Aspire's orchestrator ended unexpectedly, and every process with it: start again.");
        }
    }

    public void Dispose()
    {
        _stopping.Dispose();
        _lost.Dispose();
    }

    /// <returns>False when the orchestrator does not answer.</returns>
    private async Task<bool> StopOrKillAsync(IResource resource, CancellationToken cancel)
    {
        try
        {
            await processes.StopAsync(resource, cancel);
            return true;
        }
        // Whatever kept it from stopping, it must not stay behind.
        catch (Exception e)
        {
            if (processes.Kill(resource))
            {
                logger.LogWarning("{Resource} did not stop in time and was killed", resource.Name);
            }

            logger.LogDebug(e, "{Resource} did not stop", resource.Name);
            return e is not TimeoutException;
        }
    }

    private async Task StopOrchestratorAsync()
    {
        using var limited = new CancellationTokenSource(OrchestratorStopTimeLimit);

        try
        {
            await dcp.StopAsync(limited.Token);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or TimeoutException
            or DistributedApplicationException)
        {
            // It watches our process, and ends when that is gone.
            logger.LogDebug(e, "The orchestrator did not end in time");
        }
    }

    private async Task StartAllAsync(CancellationToken cancel)
    {
        var ownPorts = configuration.GetValue<bool>("DcpPublisher:RandomizePorts") ? [] : PublicPorts.Of(resources);
        var patience = TimeSpan.FromSeconds(configuration.GetValue(PortPatienceKey, PortPatienceSeconds));
        await PublicPorts.EnsureFreeAsync([.. ownPorts, .. dashboard.FixedPorts], patience, configuration, cancel);

        var bundle = DcpBundle.Find();
        await dcp.StartAsync(bundle, cancel);
        _watching = WatchAsync();
        await AllocateEndpointsAsync(cancel);

        foreach (var resource in resources.Where(ResourceProcesses.IsProcess))
        {
            Replicas.Assign(resource);
            LifecycleCommands.AddTo(resource);
        }

        var starts = resources.Select(resource => StartAsync(resource, cancel)).ToList();

        if (dashboard.IsEnabled)
        {
            starts.Add(StartDashboardAsync(bundle, cancel));
        }

        await Task.WhenAll(starts);
    }

    /// <summary>Prints the login link as soon as it leads somewhere, also while resources wait.</summary>
    private async Task StartDashboardAsync(DcpBundle bundle, CancellationToken cancel)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limited.CancelAfter(DashboardTimeLimit);
        await resourceService.StartAsync(cancel);

        try
        {
            await DashboardProcess.StartAsync(dashboard, bundle.DashboardProgram, dcp.Client, limited.Token);
            logger.LogInformation("Login to the dashboard at {DashboardLoginUrl}", dashboard.LoginUrl);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            logger.LogError(
                "The dashboard at {DashboardUrl} did not answer within {Seconds} seconds; everything else runs",
                dashboard.FrontendUrl, DashboardTimeLimit.TotalSeconds);
        }
    }

    private async Task StartAsync(IResource resource, CancellationToken cancel)
    {
        if (!ResourceProcesses.IsProcess(resource))
        {
            await values.PublishAsync(resource, cancel);
            return;
        }

        if (resource.Annotations.OfType<ExplicitStartupAnnotation>().Any())
        {
            await PublishAsync(resource, KnownResourceStates.NotStarted);
            return;
        }

        await PublishAsync(resource, KnownResourceStates.Waiting);

        try
        {
            await notifications.WaitForDependenciesAsync(resource, cancel);
        }
        catch (DistributedApplicationException e)
        {
            await Task.WhenAll(resource.ReplicaNames().Select(replica =>
                failures.CannotStartAsync(resource, replica, e.Message)));
            return;
        }

        try
        {
            await processes.StartAsync(resource, cancel);
        }
        catch (DistributedApplicationException e)
        {
            logger.LogDebug(e, "{Resource} has been reported as not started", resource.Name);
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
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            return;
        }
        // However the watch ends, without it nothing is known of any process, and the application cannot go on.
        catch (Exception e)
        {
            logger.LogDebug(e, "The orchestrator is not heard any more");
        }

        await _lost.CancelAsync();
        await processes.PublishAllGoneAsync(resources);
        lifetime.StopApplication();
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
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limited.CancelAfter(AllocationTimeLimit);

        try
        {
            await dcp.Client.CreateAsync("services", service, limited.Token);

            await foreach (var change in dcp.Client.WatchAsync<ServiceSpec, ServiceStatus>("services", limited.Token))
            {
                if (change.Object.Metadata.Name == name && change.Object.Status?.EffectivePort is { } found and > 0)
                {
                    return found;
                }
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            // Told below.
        }

        throw new DistributedApplicationException($"The orchestrator gave '{name}' no port{(port is null
            ? ""
            : string.Create(CultureInfo.InvariantCulture, $": {port} may have been taken meanwhile"))}.");
    }
}
