using System.Collections.Immutable;
using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Dcp;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Orchestration;

/// <summary>
/// Checks the health of running processes: often while they are not healthy, seldom while they are. Each replica
/// is asked on its own port, since behind the shared one a healthy replica would answer for a sick one.
/// </summary>
internal sealed class HealthMonitor(
    DcpHost dcp,
    HealthCheckService checks,
    ResourceNotificationService notifications,
    IServiceProvider services,
    TimeProvider clock,
    ILogger<HealthMonitor> logger) : IDisposable
{
    // Between checks: short at first, since most services are there within a second or two, longer with each failure.
    private static readonly TimeSpan UnhealthyDelayStep = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan UnhealthyDelayMax = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan HealthyDelay = TimeSpan.FromSeconds(30);

    // Some twenty seconds: then the reason is told on the console too, once, since all that waits seems to hang.
    private const int FailuresToTell = 20;

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false })
    {
        Timeout = TimeSpan.FromSeconds(5),
    };

    /// <summary>How long to wait for the next check after so many failures in a row.</summary>
    public static TimeSpan DelayAfter(int failures) => failures == 0
        ? HealthyDelay
        : TimeSpan.FromTicks(Math.Min(UnhealthyDelayStep.Ticks * failures, UnhealthyDelayMax.Ticks));

    /// <summary>Watches one process until the token says that it no longer runs.</summary>
    public async Task WatchAsync(IResource resource, string replica, CancellationToken cancel)
    {
        var isReady = false;
        var failures = 0;

        while (true)
        {
            var reports = await CheckAsync(resource, replica, cancel);
            var isHealthy = reports.All(report => report.Status == HealthStatus.Healthy);
            isReady = isReady || (isHealthy && await MakeReadyAsync(resource, cancel));

            // An answer that comes after the end of its process must not become the health of the next one.
            await notifications.PublishUpdateAsync(resource, replica, snapshot => cancel.IsCancellationRequested
                ? snapshot
                : snapshot with { HealthReports = reports, IsReady = isReady });

            if (reports.IsEmpty && isReady)
            {
                return;
            }

            failures = isHealthy && isReady ? 0 : failures + 1;

            if (failures == FailuresToTell)
            {
                logger.LogWarning("{Replica} runs but is not healthy: {Reasons}", replica, Reasons(reports));
            }

            await Task.Delay(DelayAfter(failures), clock, cancel);
        }
    }

    public void Dispose() => _http.Dispose();

    private static string Reasons(IEnumerable<HealthReportSnapshot> reports) => string.Join(
        "; ",
        reports.Where(report => report.Status != HealthStatus.Healthy)
            .Select(report => $"{report.Name}: {report.Description} {report.ExceptionText}".TrimEnd()));

    private async Task<ImmutableArray<HealthReportSnapshot>> CheckAsync(
        IResource resource, string replica, CancellationToken cancel)
    {
        var reports = await Task.WhenAll(resource.Annotations.OfType<HealthCheckAnnotation>().Select(check =>
            check is HttpHealthCheckAnnotation http
                ? CheckHttpAsync(resource, replica, http, cancel)
                : CheckRegisteredAsync(check.Key, cancel)));
        return [.. reports.Select(report => report with { LastRunAt = clock.GetUtcNow().UtcDateTime })];
    }

    private async Task<HealthReportSnapshot> CheckRegisteredAsync(string key, CancellationToken cancel)
    {
        var report = await checks.CheckHealthAsync(registration => registration.Name == key, cancel);
        var entry = report.Entries[key];
        return new(key, entry.Status, entry.Description, entry.Exception?.Message);
    }

    private async Task<HealthReportSnapshot> CheckHttpAsync(
        IResource resource, string replica, HttpHealthCheckAnnotation check, CancellationToken cancel)
    {
        try
        {
            var port = await OwnPortAsync(resource, replica, check.EndpointName, cancel);
            var url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}{check.Path}");
            using var response = await _http.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, cancel);
            var status = (int)response.StatusCode;
            return status == check.StatusCode
                ? new(check.Key, HealthStatus.Healthy, null, null)
                : new(check.Key, HealthStatus.Unhealthy, $"{check.Path} answered {status}.", null);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or DistributedApplicationException
            && !cancel.IsCancellationRequested)
        {
            return new(check.Key, HealthStatus.Unhealthy, $"{check.Path} did not answer.", e.Message);
        }
    }

    private async Task<int> OwnPortAsync(
        IResource resource, string replica, string endpointName, CancellationToken cancel)
    {
        var endpoint = resource.Annotations.OfType<EndpointAnnotation>().FirstOrDefault(one => one.Name == endpointName)
            ?? throw new DistributedApplicationException(
                $"Resource '{resource.Name}' has a health check on '{endpointName}', an endpoint it does not have.");

        if (!endpoint.IsProxied)
        {
            return endpoint.AllocatedPort!.Value;
        }

        var service = ProcessConfiguration.ServiceName(resource, endpoint);
        var endpoints = await dcp.Client.ListAsync<EndpointSpec, EndpointStatus>("endpoints", cancel);
        return endpoints
            .FirstOrDefault(one => one.Spec.ServiceName == service
                && one.Metadata.OwnerReferences?.Any(owner => owner.Name == replica) == true)?.Spec.Port
            ?? throw new DistributedApplicationException($"{replica} has no port yet.");
    }

    private async Task<bool> MakeReadyAsync(IResource resource, CancellationToken cancel)
    {
        try
        {
            foreach (var step in resource.Annotations.OfType<ReadyAnnotation>())
            {
                await step.Callback(services, cancel);
            }

            return true;
        }
        // Whatever a step throws, the resource is not ready, and the next check tries again.
        catch (Exception e) when (e is not OperationCanceledException)
        {
            logger.LogError(e, "{Resource} runs but could not be made ready", resource.Name);
            return false;
        }
    }
}
