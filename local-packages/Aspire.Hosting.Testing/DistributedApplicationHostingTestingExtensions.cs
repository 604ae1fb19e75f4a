using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Testing;

/// <summary>Where the parts of a started application are.</summary>
public static class DistributedApplicationHostingTestingExtensions
{
    /// <summary>A client with the standard resilience handler, for the resource's endpoint.</summary>
    public static HttpClient CreateHttpClient(
        this DistributedApplication app, string resourceName, string? endpointName = default)
    {
        var endpoint = app.GetEndpoint(resourceName, endpointName);
        var client = app.Services.GetRequiredService<IHttpClientFactory>().CreateClient();
        client.BaseAddress = endpoint;
        return client;
    }

    /// <summary>The public address of an endpoint; by default the one called https, or else http.</summary>
    /// <exception cref="ArgumentException">There is no such resource or endpoint.</exception>
    public static Uri GetEndpoint(
        this DistributedApplication app, string resourceName, string? endpointName = default)
    {
        if (Find(app, resourceName) is not IResourceWithEndpoints resource)
        {
            throw new ArgumentException(
                $"Resource '{resourceName}' has no allocated endpoints.", nameof(resourceName));
        }

        string[] names = string.IsNullOrEmpty(endpointName) ? ["https", "http"] : [endpointName];
        var endpoint = names
            .Select(name => new EndpointReference(resource, name))
            .FirstOrDefault(reference => reference.IsAllocated)
            ?? throw new ArgumentException(
                $"Endpoint '{endpointName}' for resource '{resourceName}' not found.", nameof(endpointName));

        return new(endpoint.Url);
    }

    /// <exception cref="ArgumentException">There is no such resource, or it has no connection string.</exception>
    public static ValueTask<string?> GetConnectionStringAsync(
        this DistributedApplication app, string resourceName, CancellationToken cancellationToken = default) =>
        Find(app, resourceName) is IResourceWithConnectionString resource
            ? resource.GetConnectionStringAsync(cancellationToken)
            : throw new ArgumentException(
                $"Resource '{resourceName}' does not expose a connection string.", nameof(resourceName));

    private static IResource Find(DistributedApplication app, string name)
    {
        ArgumentNullException.ThrowIfNull(app);
        ArgumentException.ThrowIfNullOrEmpty(name);

        if (!app.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStarted.IsCancellationRequested)
        {
            throw new InvalidOperationException(
                "The application must be started before resolving endpoints or connection strings.");
        }

        return app.Services.GetRequiredService<IResourceCollection>().TryGetByName(name, out var resource)
            ? resource
            : throw new ArgumentException($"Resource '{name}' not found.", nameof(name));
    }
}
