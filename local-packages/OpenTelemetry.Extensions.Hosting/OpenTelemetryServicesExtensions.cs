using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Extensions.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds OpenTelemetry to a host.</summary>
public static class OpenTelemetryServicesExtensions
{
    /// <summary>Adds the SDK and starts its providers with the host, before every other hosted service.</summary>
    public static OpenTelemetryBuilder AddOpenTelemetry(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);

        if (!services.Any(service => service.ImplementationType == typeof(ProvidersStart)))
        {
            // First in line, so that what other hosted services do while they start is seen too.
            services.Insert(0, ServiceDescriptor.Singleton<IHostedService, ProvidersStart>());
        }

        return new OpenTelemetryBuilder(services);
    }
}
