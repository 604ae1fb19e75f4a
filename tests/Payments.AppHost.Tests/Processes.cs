using System.Net;
using System.Net.NetworkInformation;

namespace Payments.AppHost.Tests;

/// <summary>What is left on this machine of processes and ports.</summary>
internal static class Processes
{
    public static bool IsRunning(int pid) => Directory.Exists($"/proc/{pid}");

    public static bool IsListening(int port) => IPGlobalProperties.GetIPGlobalProperties()
        .GetActiveTcpListeners()
        .Any(listener => listener.Port == port
            && (IPAddress.IsLoopback(listener.Address) || listener.Address.Equals(IPAddress.Any)));
}
