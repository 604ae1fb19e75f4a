using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Payments.ServiceDefaults.Tests;

public sealed class ServiceDiscoveryTests
{
    [Theory]
    [InlineData("http://api/payments?limit=2", "http://localhost:42001/payments?limit=2")]
    [InlineData("https+http://api/payments", "http://localhost:42001/payments")]
    [InlineData("https+http://both/x", "https://localhost:42003/x")]
    [InlineData("http://both/x", "http://localhost:42002/x")]
    [InlineData("http://_admin.both/x", "http://localhost:42004/x")]
    [InlineData("http://nested/x/y", "http://localhost:42005/base/x/y")]
    [InlineData("http://bare/x", "http://localhost:42006/x")]
    [InlineData("http://API/x", "http://localhost:42001/x")]
    [InlineData("https://unknown.example/x", "https://unknown.example/x")]
    [InlineData("http://unknown.example:8080/x", "http://unknown.example:8080/x")]
    [InlineData("https+http://unknown.example/x", "https://unknown.example/x")]
    public async Task A_service_s_name_stands_for_its_configured_endpoint(string asked, string sent)
    {
        var network = new ScriptedHandler();
        using var client = CreateClient(network,
            ("services:api:http:0", "http://localhost:42001"),
            ("services:both:http:0", "http://localhost:42002"),
            ("services:both:https:0", "https://localhost:42003"),
            ("services:both:admin:0", "http://localhost:42004"),
            ("services:nested:http:0", "http://localhost:42005/base/"),
            ("services:bare:http", "localhost:42006"));

        using var response = await client.GetAsync(asked, TestContext.Current.CancellationToken);

        Assert.Equal([new Uri(sent)], network.Sent);
        Assert.Equal(new Uri(asked), response.RequestMessage?.RequestUri);
    }

    [Fact]
    public async Task Several_endpoints_take_turns()
    {
        var network = new ScriptedHandler();
        using var client = CreateClient(network,
            ("services:api:http:0", "http://localhost:42001"), ("services:api:http:1", "http://localhost:42002"));

        for (var call = 0; call < 3; call++)
        {
            using var response = await client.GetAsync("http://api/", TestContext.Current.CancellationToken);
        }

        Assert.Equal([42001, 42002, 42001], network.Sent.Select(sent => sent!.Port));
    }

    [Fact]
    public async Task An_endpoint_that_is_no_address_is_refused_by_the_setting_s_name()
    {
        using var client = CreateClient(new ScriptedHandler(), ("services:api:http:0", "http://"));

        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(
            () => client.GetAsync("http://api/", TestContext.Current.CancellationToken));

        Assert.Contains("'services:api:http:0'", refusal.Message, StringComparison.Ordinal);
    }

    private static HttpClient CreateClient(ScriptedHandler network, params (string Name, string Value)[] settings)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(set => KeyValuePair.Create(set.Name, (string?)set.Value)))
            .Build());
        services.AddServiceDiscovery();
        services.AddHttpClient("test").AddServiceDiscovery().ConfigurePrimaryHttpMessageHandler(() => network);
        return services.BuildServiceProvider().GetRequiredService<IHttpClientFactory>().CreateClient("test");
    }
}
