using System.Net;
using Payments.Ledger.Webhooks;

namespace Payments.Ledger.Tests.Webhooks;

public sealed class WebhookAddressTests
{
    private static readonly WebhookAddress Production = new(allowLoopback: false);
    private static readonly WebhookAddress Development = new(allowLoopback: true);

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("10.1.2.3")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.0.1")]
    [InlineData("100.100.100.200")]
    [InlineData("169.254.169.254")]
    [InlineData("168.63.129.16")]
    [InlineData("192.0.0.192")]
    [InlineData("198.19.0.1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("fe80::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("ff02::1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::127.0.0.1")]
    [InlineData("64:ff9b::a00:1")]
    [InlineData("2002:a00:1::1")]
    [InlineData("2001:0:1::1")]
    [InlineData("2001:db8::1")]
    public void Addresses_that_are_not_public_are_not_allowed(string address) =>
        Assert.False(Production.IsAllowed(IPAddress.Parse(address)));

    [Theory]
    [InlineData("93.184.216.34")]
    [InlineData("172.32.0.1")]
    [InlineData("100.128.0.1")]
    [InlineData("::ffff:93.184.216.34")]
    [InlineData("2606:2800:220:1::1")]
    public void Public_addresses_are_allowed(string address) =>
        Assert.True(Production.IsAllowed(IPAddress.Parse(address)));

    [Theory]
    [InlineData("https://hooks.example.com/alerts?key=1", true, true)]
    [InlineData("http://hooks.example.com/alerts", false, false)]
    [InlineData("http://localhost:5000/alerts", false, true)]
    [InlineData("http://127.0.0.1:5000/alerts", false, true)]
    [InlineData("https://127.0.0.1/alerts", false, true)]
    [InlineData("https://10.0.0.1/alerts", false, false)]
    [InlineData("https://[::ffff:10.0.0.1]/alerts", false, false)]
    [InlineData("https://0x7f.1/alerts", false, true)]
    [InlineData("https://user:secret@hooks.example.com/", false, false)]
    [InlineData("https://hooks.example.com/#part", false, false)]
    [InlineData("ftp://hooks.example.com/", false, false)]
    [InlineData("/alerts", false, false)]
    public void An_address_is_https_and_public_and_in_development_may_be_this_machine(
        string url, bool inProduction, bool inDevelopment)
    {
        Assert.Equal(inProduction, Production.Check(url) is null);
        Assert.Equal(inDevelopment, Development.Check(url) is null);
    }
}
