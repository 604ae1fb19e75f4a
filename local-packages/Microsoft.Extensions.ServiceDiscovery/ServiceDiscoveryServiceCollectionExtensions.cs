using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.ServiceDiscovery;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds service discovery to a host.</summary>
public static class ServiceDiscoveryServiceCollectionExtensions
{
    /// <summary>Resolves service names from the configuration section <c>services</c>; other hosts pass.</summary>
    public static IServiceCollection AddServiceDiscovery(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);

        services.TryAddSingleton<ConfiguredEndpoints>();
        return services;
    }
}
