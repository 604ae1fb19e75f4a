using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.Configuration;
using Payments.Providers.Flows;

namespace Payments.Providers.Tests;

/// <summary>The sandbox in this process, behind a real socket, following a server of flows.</summary>
public sealed class SandboxServer : IAsyncDisposable
{
    public const string CircleApiKey = "circle-key-of-the-tests";
    public const string AlpacaKeyId = "alpaca-id-of-the-tests";
    public const string AlpacaSecret = "alpaca-secret-of-the-tests";

    private readonly Factory _factory;

    private SandboxServer(Factory factory)
    {
        _factory = factory;
        factory.UseKestrel(0);
        factory.StartServer();
        Client = factory.CreateClient();
        Circle = CreateClient(new AuthenticationHeaderValue("Bearer", CircleApiKey));
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{AlpacaKeyId}:{AlpacaSecret}"));
        Alpaca = CreateClient(new AuthenticationHeaderValue("Basic", basic));
    }

    public Uri Address => Client.BaseAddress!;

    /// <summary>Without credentials, as a developer who disturbs the sandbox.</summary>
    public HttpClient Client { get; }

    public HttpClient Circle { get; }

    public HttpClient Alpaca { get; }

    /// <summary>It looks at the flows when asked for a balance, and by itself once an hour.</summary>
    public static SandboxServer Start(FlowsServer flows, string environment = "Development") =>
        new(new Factory(flows, environment));

    public HttpClient CreateClient(AuthenticationHeaderValue? credentials)
    {
        var client = _factory.CreateClient();
        client.DefaultRequestHeaders.Authorization = credentials;
        return client;
    }

    /// <summary>Disturbs or heals a provider, and returns its state.</summary>
    public async Task<JsonElement> DisturbAsync(string provider, string how, object? body = null)
    {
        using var answer = await Client.PostAsJsonAsync($"/sandbox/{provider}/{how}", body ?? new { });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Circle.Dispose();
        Alpaca.Dispose();
        await _factory.DisposeAsync();
    }

    private sealed class Factory(FlowsServer flows, string environment) : WebApplicationFactory<FollowFlows>
    {
        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            builder.UseEnvironment(environment);
            builder.UseSetting("Management:Port", "0");
            builder.UseSetting("Logging:LogLevel:Default", "None");
            builder.ConfigureAppConfiguration(configuration => configuration.AddInMemoryCollection(
                [KeyValuePair.Create("services:api:http:0", (string?)flows.Address.ToString())]));
            builder.UseSetting("Sandbox:ApiKey", FlowsServer.Key);
            builder.UseSetting("Sandbox:PollSeconds", "3600");
            builder.UseSetting("Sandbox:CircleApiKey", CircleApiKey);
            builder.UseSetting("Sandbox:AlpacaKeyId", AlpacaKeyId);
            builder.UseSetting("Sandbox:AlpacaSecret", AlpacaSecret);
        }
    }
}
