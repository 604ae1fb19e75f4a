using System.Net;
using System.Net.Sockets;
using Aspire.Hosting.Orchestration;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.Local.Tests;

public sealed class PublicPortsTests
{
    [Fact]
    public async Task A_taken_port_is_named_with_the_setting_that_moves_it()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Ports:Web", $"{port}")])
            .Build();

        var refusal = await Assert.ThrowsAsync<DistributedApplicationException>(() => PublicPorts.EnsureFreeAsync(
            [("web", port)], TimeSpan.Zero, configuration, TestContext.Current.CancellationToken));

        Assert.Equal(
            $"Port {port} of 'web' is in use by another program: end that program, or give 'web' another one with the "
            + "setting Ports:Web.",
            refusal.Message);
    }

    [Fact]
    public async Task A_port_that_is_given_twice_is_named_with_both_its_owners()
    {
        var refusal = await Assert.ThrowsAsync<DistributedApplicationException>(() => PublicPorts.EnsureFreeAsync(
            [("web", 41301), ("api", 41302), ("dashboard", 41301)],
            TimeSpan.Zero,
            new ConfigurationBuilder().Build(),
            TestContext.Current.CancellationToken));

        Assert.Equal("Port 41301 is given to 'web' and 'dashboard'.", refusal.Message);
    }
}
