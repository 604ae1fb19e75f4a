using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.Orchestration;

/// <summary>The fixed ports of the application: they must be free, and a taken one is named with its setting.</summary>
internal static class PublicPorts
{
    // Linux gives outgoing connections ports from 32768 on.
    private const int FirstFree = 20_000;
    private const int FirstOutgoing = 32_768;

    private static readonly TimeSpan PollDelay = TimeSpan.FromMilliseconds(100);

    /// <exception cref="DistributedApplicationException">
    /// A port stays taken for all of the patience, or is given twice.
    /// </exception>
    public static async Task EnsureFreeAsync(
        IEnumerable<(string Owner, int Port)> ports,
        TimeSpan patience,
        IConfiguration configuration,
        CancellationToken cancel)
    {
        var tries = (int)(patience / PollDelay);
        var all = ports.ToList();

        if (all.GroupBy(one => one.Port).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new DistributedApplicationException(string.Create(
                CultureInfo.InvariantCulture,
                $"Port {twice.Key} is given to {string.Join(" and ", twice.Select(one => $"'{one.Owner}'"))}."));
        }

        foreach (var (owner, port) in all)
        {
            for (; !IsFree(port); tries--)
            {
                if (tries <= 0)
                {
                    throw new DistributedApplicationException(Sentence(owner, port, configuration));
                }

                await Task.Delay(PollDelay, cancel);
            }
        }
    }

    public static IEnumerable<(string Owner, int Port)> Of(IEnumerable<IResource> resources) =>
        from resource in resources
        from endpoint in resource.Annotations.OfType<EndpointAnnotation>()
        where endpoint.Port is not null
        select (resource.Name, endpoint.Port!.Value);

    /// <summary>
    /// A port that nobody listens on, from below those that the system gives to outgoing connections: a server that is
    /// stopped must find its port free when it is started again.
    /// </summary>
    public static int Free()
    {
        while (true)
        {
            var port = RandomNumberGenerator.GetInt32(FirstFree, FirstOutgoing);

            if (IsFree(port))
            {
                return port;
            }
        }
    }

    private static string Sentence(string owner, int port, IConfiguration configuration)
    {
        // The settings are searched for the number, since only the AppHost's own code knows what it read.
        var text = port.ToString(CultureInfo.InvariantCulture);
        var setting = configuration.AsEnumerable()
            .Where(entry => entry.Value == text || entry.Value?.EndsWith($":{text}", StringComparison.Ordinal) == true)
            .Select(entry => entry.Key)
            .OrderByDescending(key => key.EndsWith(owner, StringComparison.OrdinalIgnoreCase))
            .FirstOrDefault();
        var advice = setting is null
            ? $"give '{owner}' another one"
            : $"give '{owner}' another one with the setting {setting}";

        return $"Port {text} of '{owner}' is in use by another program: end that program, or {advice}.";
    }

    private static bool IsFree(int port) =>
        CanListen(IPAddress.Loopback, port) && (!Socket.OSSupportsIPv6 || CanListen(IPAddress.IPv6Loopback, port));

    private static bool CanListen(IPAddress address, int port)
    {
        using var listener = new TcpListener(address, port);

        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.AddressNotAvailable;
        }
    }
}
