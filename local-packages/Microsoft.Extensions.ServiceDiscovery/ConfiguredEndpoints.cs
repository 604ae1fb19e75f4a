using System.Collections.Frozen;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace Microsoft.Extensions.ServiceDiscovery;

/// <summary>
/// The endpoints of the configuration section <c>services</c>, as
/// <c>services:{service}:{endpoint name or scheme}:{number} = address</c>. Read once, and again when the
/// configuration changes.
/// </summary>
internal sealed class ConfiguredEndpoints : IDisposable
{
    private readonly IDisposable _changes;
    private volatile FrozenDictionary<string, FrozenDictionary<string, EndpointGroup>> _services;

    public ConfiguredEndpoints(IConfiguration configuration)
    {
        _services = Read(configuration);
        _changes = ChangeToken.OnChange(configuration.GetReloadToken, () => _services = Read(configuration));
    }

    /// <summary>
    /// The address to send to. A host that is no configured service stays as it is, with the first of its schemes
    /// (<c>https+http</c>: https).
    /// </summary>
    /// <remarks>
    /// Of the requested schemes the first that has endpoints wins; its endpoints take turns. A host
    /// <c>_name.service</c> asks for the endpoint of that name.
    /// </remarks>
    public Uri Resolve(Uri address)
    {
        var schemes = address.Scheme.Split('+');
        var (service, name) = Split(address.Host);

        if (_services.TryGetValue(service, out var groups) && Find(groups, name, schemes) is { } endpoint)
        {
            return Combine(endpoint, address, schemes[0]);
        }

        return schemes.Length == 1
            ? address
            : new UriBuilder(address) { Scheme = schemes[0], Port = address.IsDefaultPort ? -1 : address.Port }.Uri;
    }

    public void Dispose() => _changes.Dispose();

    private static Uri? Find(FrozenDictionary<string, EndpointGroup> groups, string? name, string[] schemes)
    {
        if (name is not null)
        {
            return groups.GetValueOrDefault(name)?.Next(schemes);
        }

        if (groups.TryGetValue("default", out var unnamed))
        {
            return unnamed.Next(schemes);
        }

        foreach (var scheme in schemes)
        {
            if (groups.TryGetValue(scheme, out var group))
            {
                return group.Next(schemes);
            }
        }

        return null;
    }

    private static (string Service, string? Name) Split(string host)
    {
        var dot = host.IndexOf('.', StringComparison.Ordinal);
        return host.StartsWith('_') && dot > 1 ? (host[(dot + 1)..], host[1..dot]) : (host, null);
    }

    private static Uri Combine(Uri endpoint, Uri address, string firstScheme)
    {
        var path = endpoint.AbsolutePath == "/"
            ? address.AbsolutePath
            : $"{endpoint.AbsolutePath.TrimEnd('/')}/{address.AbsolutePath.TrimStart('/')}";

        return new UriBuilder(endpoint)
        {
            Scheme = endpoint.Scheme == EndpointGroup.AnyScheme ? firstScheme : endpoint.Scheme,
            Path = path,
            Query = address.Query,
        }.Uri;
    }

    private static FrozenDictionary<string, FrozenDictionary<string, EndpointGroup>> Read(
        IConfiguration configuration) => configuration.GetSection("services").GetChildren().ToFrozenDictionary(
            service => service.Key,
            service => service.GetChildren().ToFrozenDictionary(
                group => group.Key, EndpointGroup.Read, StringComparer.OrdinalIgnoreCase),
            StringComparer.OrdinalIgnoreCase);
}
