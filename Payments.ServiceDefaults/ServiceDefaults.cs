using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Payments.ServiceDefaults;
using Payments.ServiceDefaults.Metrics;

namespace Microsoft.Extensions.Hosting;

/// <summary>What every service of the system has in common, and none of its business.</summary>
public static class ServiceDefaults
{
    private const string LiveTag = "live";

    /// <summary>
    /// Adds telemetry, health, service discovery, the policy of outgoing calls, and the management listener.
    /// </summary>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.AddTelemetry();
        builder.AddManagementListener();
        builder.Services.AddOutgoingCalls();
        builder.Services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), [LiveTag]);

        return builder;
    }

    /// <summary>
    /// Maps <c>/health</c>, which is 503 until every check passes, and <c>/alive</c>, which asks only the checks
    /// tagged "live". Neither needs a credential, and neither makes spans.
    /// </summary>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);

        app.MapHealthChecks(RequestSpans.HealthPath, new HealthCheckOptions { ResponseWriter = WriteHealthAsync })
            .AllowAnonymous();

        return app.MapLiveness(RequestSpans.AlivePath);
    }

    /// <summary>Maps an address that answers whether the process runs, and asks nothing else.</summary>
    public static WebApplication MapLiveness(this WebApplication app, string path)
    {
        app.MapHealthChecks(path, new HealthCheckOptions
        {
            Predicate = check => check.Tags.Contains(LiveTag),
            ResponseWriter = WriteHealthAsync,
        }).AllowAnonymous();

        return app;
    }

    // The answer names what is not ready, but not why: reasons hold addresses, and stand in the log.
    private static Task WriteHealthAsync(HttpContext context, HealthReport report)
    {
        context.Response.ContentType = "application/json";
        return JsonSerializer.SerializeAsync(
            context.Response.Body,
            new
            {
                status = Word(report.Status),
                checks = report.Entries.ToDictionary(
                    entry => entry.Key, entry => Word(entry.Value.Status), StringComparer.Ordinal),
            },
            cancellationToken: context.RequestAborted);
    }

    private static string Word(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "healthy",
        HealthStatus.Degraded => "degraded",
        _ => "unhealthy",
    };
}
