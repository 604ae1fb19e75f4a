using System.Globalization;
using System.Net;
using System.Text;
using Recon.Worker.Providers;

namespace Recon.Worker.Tests.Providers;

/// <summary>The adapter of Alpaca against what Alpaca answers.</summary>
public sealed class AlpacaBalancesTests : IAsyncLifetime
{
    private const string First = "/v1/accounts?sort=asc";

    private ProviderServer _server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await ProviderServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task The_total_is_the_buying_power_in_dollars_of_all_accounts_that_can_hold_money()
    {
        ScriptRecorded();
        using var alpaca = ProviderReaders.Alpaca(_server);

        var total = await alpaca.ReadTotalAsync(Cancel);

        Assert.Equal(148_065.12345m, total.Minor);
        var basic = Convert.ToBase64String(
            Encoding.UTF8.GetBytes($"{ProviderReaders.AlpacaKeyId}:{ProviderReaders.AlpacaSecret}"));
        Assert.All(_server.Received, request => Assert.Equal($"Basic {basic}", request.Credentials));
        Assert.DoesNotContain(
            _server.Received, request => request.Address.Contains("c1b7a0de", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Accounts_are_paged_by_their_time_with_an_overlap_and_each_counts_once()
    {
        _server
            .Answers(First, Accounts(0, 1_000))
            .Answers(After(999), Accounts(999, 250))
            .Answers(After(1_248), Accounts(1_248, 1));
        for (var i = 0; i < 1_249; i++)
        {
            _server.Answers(
                $"/v1/trading/accounts/id-{i}/account", """{"currency":"USD","buying_power":"1.01"}""");
        }

        using var alpaca = ProviderReaders.Alpaca(_server);

        Assert.Equal(126_149m, (await alpaca.ReadTotalAsync(Cancel)).Minor);
    }

    [Fact]
    public async Task No_account_at_all_is_a_total_of_zero()
    {
        _server.Answers(First, "[]");
        using var alpaca = ProviderReaders.Alpaca(_server);

        Assert.Equal(0m, (await alpaca.ReadTotalAsync(Cancel)).Minor);
    }

    [Fact]
    public async Task An_account_that_cannot_be_read_leaves_no_total()
    {
        ScriptRecorded();
        _server.Forgets("/v1/trading/accounts/72f5a1b4-8d9e-4c0f-9b0a-5a52d3a3b0c2/account");
        using var alpaca = ProviderReaders.Alpaca(_server);

        var failure = await Assert.ThrowsAsync<ProviderFailedException>(() => alpaca.ReadTotalAsync(Cancel));

        Assert.Equal(
            "Alpaca answered 404 to GET /v1/trading/accounts/72f5a1b4-8d9e-4c0f-9b0a-5a52d3a3b0c2/account.",
            failure.Message);
    }

    [Fact]
    public async Task The_time_at_which_the_limit_is_reset_is_waited_for()
    {
        var clock = new HurriedClock { Keeps = ProviderReaders.TimeLimits };
        var reset = (clock.GetUtcNow().ToUnixTimeSeconds() + 20).ToString(CultureInfo.InvariantCulture);
        _server
            .Answers(
                First, ProviderServer.Recorded("alpaca-429.json"), HttpStatusCode.TooManyRequests,
                $"X-RateLimit-Reset: {reset}")
            .Answers(First, "[]");
        using var alpaca = ProviderReaders.Alpaca(_server, clock: clock);

        await alpaca.ReadTotalAsync(Cancel);

        Assert.Contains(clock.Waits, wait => wait.TotalSeconds is > 18 and <= 20);
    }

    private void ScriptRecorded()
    {
        var accounts = ProviderServer.Recorded("alpaca-accounts.json");
        _server
            .Answers(First, accounts)
            .Answers("/v1/accounts?sort=asc&created_after=2024-10-02T08%3A59%3A59.0000000Z", "[]")
            .Answers(Trading("0d18ae51-3c94-4511-b209-101e1666416b"), Recorded("alpaca-trading-1.json"))
            .Answers(Trading("72f5a1b4-8d9e-4c0f-9b0a-5a52d3a3b0c2"), Recorded("alpaca-trading-2.json"))
            .Answers(Trading("e43a1d3c-5b0c-4dbb-8f42-2c4b7d5e9a11"), Recorded("alpaca-trading-cad.json"));
    }

    private static string Recorded(string name) => ProviderServer.Recorded(name);

    private static string Trading(string id) => $"/v1/trading/accounts/{id}/account";

    // One account a second, from the beginning of a day.
    private static string Accounts(int from, int count) => "[" + string.Join(',', Enumerable.Range(from, count)
        .Select(i => FormattableString.Invariant(
            $"{{\"id\":\"id-{i}\",\"status\":\"ACTIVE\",\"created_at\":\"{Created(i):s}Z\"}}"))) + "]";

    private static DateTime Created(int i) => new DateTime(2026, 3, 1, 0, 0, 0, DateTimeKind.Utc).AddSeconds(i);

    private static string After(int i) =>
        $"/v1/accounts?sort=asc&created_after={Uri.EscapeDataString(Created(i - 1).ToString("O"))}";
}
