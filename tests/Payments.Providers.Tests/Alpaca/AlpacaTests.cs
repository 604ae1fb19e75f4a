using System.Net.Http.Headers;
using System.Text;

namespace Payments.Providers.Tests.Alpaca;

public sealed class AlpacaTests : SandboxTests
{
    [Fact]
    public async Task An_account_and_its_trading_account_have_the_members_that_Alpaca_documents()
    {
        Flows.Convert("alice", 10m, 9.95m);

        var (_, accounts, _) = await GetAsync(Sandbox.Alpaca, "/v1/accounts");
        var account = accounts[0];
        var id = account.GetProperty("id").GetGuid();
        var (_, trading, _) = await GetAsync(Sandbox.Alpaca, $"/v1/trading/accounts/{id}/account");

        Assert.Equal(
            ("ACTIVE", "USD"),
            (account.GetProperty("status").GetString(), account.GetProperty("currency").GetString()));
        Assert.Equal(
            (id, "9.95", "USD"),
            (trading.GetProperty("id").GetGuid(), trading.GetProperty("buying_power").GetString(),
                trading.GetProperty("currency").GetString()));
    }

    [Fact]
    public async Task Pages_go_on_behind_a_time_of_creation()
    {
        for (var i = 0; i < 1_100; i++)
        {
            Flows.Convert($"user-{i}", 1m, 1m);
        }

        var (_, first, _) = await GetAsync(Sandbox.Alpaca, "/v1/accounts?sort=asc");
        var last = first[first.GetArrayLength() - 1].GetProperty("created_at").GetString();
        var (_, second, _) = await GetAsync(
            Sandbox.Alpaca, $"/v1/accounts?sort=asc&created_after={Uri.EscapeDataString(last!)}");

        Assert.Equal((1_000, 101), (first.GetArrayLength(), second.GetArrayLength()));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("alpaca-id-of-the-tests:wrong")]
    public async Task Without_the_credentials_nothing_is_told(string? credentials)
    {
        using var stranger = Sandbox.CreateClient(credentials is null
            ? null
            : new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials))));

        var (status, body, _) = await GetAsync(stranger, "/v1/accounts");

        Assert.Equal((401, 40110000), (status, body.GetProperty("code").GetInt64()));
    }

    [Theory]
    [InlineData("/v1/trading/accounts/1/account", 404)]
    [InlineData("/v1/trading/accounts/00000000-0000-0000-0000-000000000000/account", 404)]
    [InlineData("/v1/accounts?created_after=yesterday", 422)]
    [InlineData("/v1/accounts?sort=up", 422)]
    public async Task What_it_cannot_answer_is_a_code_and_a_message(string address, int status)
    {
        var (answered, body, _) = await GetAsync(Sandbox.Alpaca, address);

        Assert.Equal(status, answered);
        Assert.NotEmpty(body.GetProperty("message").GetString()!);
    }
}
