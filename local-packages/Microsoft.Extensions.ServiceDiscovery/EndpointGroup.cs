using Microsoft.Extensions.Configuration;

namespace Microsoft.Extensions.ServiceDiscovery;

/// <summary>
/// The endpoints of one service under one name; they take turns. They are read when first asked for, so that a
/// mistake in one service's settings leaves the others alone.
/// </summary>
internal sealed class EndpointGroup(Lazy<Uri[]> endpoints)
{
    /// <summary>Stands for the scheme of an endpoint that is given as <c>host:port</c> only.</summary>
    public const string AnyScheme = "any";

    private uint _turn = uint.MaxValue;

    /// <summary>The next endpoint of the first scheme that has any, or null.</summary>
    public Uri? Next(string[] schemes)
    {
        var turn = Interlocked.Increment(ref _turn);

        foreach (var scheme in schemes)
        {
            var matching = Array.FindAll(endpoints.Value, at => at.Scheme == scheme || at.Scheme == AnyScheme);
            if (matching.Length > 0)
            {
                return matching[turn % (uint)matching.Length];
            }
        }

        return null;
    }

    /// <remarks>The section holds one address, or numbered addresses.</remarks>
    public static EndpointGroup Read(IConfigurationSection section) =>
        new(new Lazy<Uri[]>(() => section.Value is null
            ? [.. section.GetChildren().Select(Parse)]
            : [Parse(section)]));

    private static Uri Parse(IConfigurationSection setting)
    {
        var value = setting.Value ?? "";
        var address = value.Contains("://", StringComparison.Ordinal) ? value : $"{AnyScheme}://{value}";

        return Uri.TryCreate(address, UriKind.Absolute, out var endpoint) && endpoint.Host.Length > 0
            ? endpoint
            : throw new InvalidOperationException(
                $"'{setting.Path}' must be an address such as http://localhost:3001, not '{value}'.");
    }
}
