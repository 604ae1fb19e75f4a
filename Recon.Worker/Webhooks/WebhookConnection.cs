using System.Net;
using System.Net.Sockets;
using Payments.Ledger.Webhooks;

namespace Recon.Worker.Webhooks;

/// <summary>
/// Connects to targets. A name is resolved here, every address that it has must be allowed, and the connection goes to
/// one of exactly these: a name that leads elsewhere a moment later leads nowhere.
/// </summary>
/// <param name="resolve">The addresses of a name.</param>
internal sealed class WebhookConnection(
    WebhookAddress allowed, Func<string, CancellationToken, Task<IPAddress[]>> resolve)
{
    private const int LargestHeadersKiB = 16;
    private const int MostDrained = 16 * 1024;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    // Names are looked up anew at least this often.
    private static readonly TimeSpan KeptOpen = TimeSpan.FromMinutes(1);

    /// <summary>No redirects, no proxy, no cookies, no trace headers: what leaves is the message alone.</summary>
    public SocketsHttpHandler Handler() => new()
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        ActivityHeadersPropagator = null,
        ConnectTimeout = ConnectTimeout,
        PooledConnectionLifetime = KeptOpen,
        MaxResponseHeadersLength = LargestHeadersKiB,
        MaxResponseDrainSize = MostDrained,
        ConnectCallback = ConnectAsync,
    };

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var endPoint = context.DnsEndPoint;
        var addresses = IPAddress.TryParse(endPoint.Host.Trim('[', ']'), out var literal)
            ? [literal]
            : await resolve(endPoint.Host, cancel);
        if (addresses.Length == 0 || !Array.TrueForAll(addresses, allowed.IsAllowed))
        {
            throw new ForbiddenAddressException();
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, endPoint.Port, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

/// <summary>The target's name leads to an address that nothing is sent to.</summary>
internal sealed class ForbiddenAddressException()
    : IOException("The name leads to a private, local or reserved address, or to none.");
