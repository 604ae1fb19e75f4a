using System.Net;
using System.Net.Sockets;

namespace Payments.Testing;

/// <summary>For programs that are told where to listen.</summary>
public static class FreePort
{
    /// <summary>A port of 127.0.0.1 that nobody listens on now.</summary>
    public static int Next()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
