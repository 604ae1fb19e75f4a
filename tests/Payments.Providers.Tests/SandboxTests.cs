using System.Text.Json;

namespace Payments.Providers.Tests;

/// <summary>A sandbox with flows of its own for each test.</summary>
public abstract class SandboxTests : IAsyncLifetime
{
    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected FlowsServer Flows { get; private set; } = null!;

    protected SandboxServer Sandbox { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Flows = await FlowsServer.StartAsync();
        Sandbox = SandboxServer.Start(Flows);
    }

    public async ValueTask DisposeAsync()
    {
        await Sandbox.DisposeAsync();
        await Flows.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>The answer's body, and of its headers those that say something.</summary>
    protected static async Task<(int Status, JsonElement Body, HttpResponseMessage Answer)> GetAsync(
        HttpClient client, string address)
    {
        var answer = await client.GetAsync(new Uri(address, UriKind.Relative), Cancel);
        var body = await answer.Content.ReadAsStringAsync(Cancel);
        return ((int)answer.StatusCode, body.Length == 0 ? default : JsonElement.Parse(body), answer);
    }

    /// <summary>The amounts of the wallets at Circle by their description.</summary>
    protected async Task<IReadOnlyDictionary<string, string>> WalletsAsync()
    {
        var (_, body, _) = await GetAsync(Sandbox.Circle, "/v1/wallets?pageSize=50");
        return body.GetProperty("data").EnumerateArray().ToDictionary(
            wallet => wallet.GetProperty("description").GetString()!,
            wallet => wallet.GetProperty("balances")[0].GetProperty("amount").GetString()!,
            StringComparer.Ordinal);
    }

    /// <summary>The buying power of all accounts at Alpaca, in the order of the list.</summary>
    protected async Task<IReadOnlyList<string>> BuyingPowersAsync()
    {
        var (_, accounts, _) = await GetAsync(Sandbox.Alpaca, "/v1/accounts?sort=asc");
        var powers = new List<string>();
        foreach (var account in accounts.EnumerateArray())
        {
            var (_, body, _) = await GetAsync(
                Sandbox.Alpaca, $"/v1/trading/accounts/{account.GetProperty("id").GetString()}/account");
            powers.Add(body.GetProperty("buying_power").GetString()!);
        }

        return powers;
    }
}
