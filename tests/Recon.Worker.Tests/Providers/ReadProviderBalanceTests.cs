using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Payments.Ledger;
using Payments.Ledger.Providers;
using Payments.Testing;
using Recon.Worker.Duties;
using Recon.Worker.Providers;

namespace Recon.Worker.Tests.Providers;

/// <summary>What is said of a provider's balance, and what is kept of it.</summary>
public sealed class ReadProviderBalanceTests : IAsyncLifetime
{
    private const string First = "/v1/wallets?pageSize=50";

    private readonly TestDatabase _database = new();
    private readonly HurriedClock _clock = new();

    private ProviderServer _server = null!;
    private CircleBalances _circle = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Database.Configure();
        await _database.InitializeAsync();
        _server = await ProviderServer.StartAsync();
        _circle = ProviderReaders.Circle(_server, options => options.Retries = 0, _clock);
    }

    public async ValueTask DisposeAsync()
    {
        _circle.Dispose();
        await _server.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task A_balance_of_now_is_current_and_is_kept()
    {
        _server.Answers(First, Wallet("12.3456789"));

        var balance = Assert.IsType<ProviderBalance.Current>(await ReadAsync());

        Assert.Equal((12_345_678.9m, null, null),
            (balance.Total, balance.Inconclusive, balance.InconclusiveSince));
        Assert.True(balance.AsOf <= balance.ReadAt);
        Assert.Equal("current 12345678.9 USDC  inconclusive: False", await KeptAsync());
    }

    [Fact]
    public async Task Data_older_than_the_policy_are_stale_and_kept_as_such()
    {
        _server.Answers(First, Wallet("5"), headers: "Age: 301");

        var balance = Assert.IsType<ProviderBalance.Stale>(await ReadAsync());

        Assert.Equal(5_000_000m, balance.Total);
        Assert.InRange(balance.Age.TotalSeconds, 301, 330);
        Assert.StartsWith("The data of Circle are 30", balance.Inconclusive, StringComparison.Ordinal);
        Assert.StartsWith("stale 5000000 USDC The data of Circle", await KeptAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Data_just_within_the_policy_are_current()
    {
        _server.Answers(First, Wallet("5"), headers: "Age: 280");

        Assert.IsType<ProviderBalance.Current>(await ReadAsync());
    }

    [Fact]
    public async Task A_provider_that_is_down_is_unavailable_and_its_last_balance_is_kept()
    {
        _server.Answers(First, Wallet("5")).Answers(First, "{}", HttpStatusCode.ServiceUnavailable);
        await ReadAsync();

        var balance = Assert.IsType<ProviderBalance.Unavailable>(await ReadAsync());

        Assert.Equal("Circle answered 503 to GET /v1/wallets.", balance.Reason);
        Assert.Equal(
            "unavailable 5000000 USDC Circle answered 503 to GET /v1/wallets. inconclusive: True", await KeptAsync());
    }

    [Fact]
    public async Task The_silence_is_counted_from_its_first_try_until_a_balance_is_current_again()
    {
        _server.Answers(First, "{}", HttpStatusCode.ServiceUnavailable);
        var first = (await ReadAsync()).InconclusiveSince;
        _clock.PutForward(TimeSpan.FromHours(1));
        var second = (await ReadAsync()).InconclusiveSince;
        _clock.PutForward(TimeSpan.FromHours(1));
        _server.Forgets(First).Answers(First, Wallet("5"), headers: "Age: 400");
        var third = (await ReadAsync()).InconclusiveSince;

        _server.Forgets(First).Answers(First, Wallet("5"));
        _clock.PutForward(-TimeSpan.FromHours(2));
        var healed = (await ReadAsync()).InconclusiveSince;
        _server.Forgets(First);
        _clock.PutForward(TimeSpan.FromHours(3));
        var later = (await ReadAsync()).InconclusiveSince;

        Assert.NotNull(first);
        Assert.Equal(0, (second - first)!.Value.TotalMilliseconds, 1d);
        Assert.Equal(0, (third - first)!.Value.TotalMilliseconds, 1d);
        Assert.Null(healed);
        Assert.True(later - first > TimeSpan.FromHours(2), $"{first} {later}");
    }

    [Fact]
    public async Task A_provider_without_settings_is_not_asked_and_never_counts_as_silent()
    {
        using var nowhere = new CircleBalances(Options.Create(new ProviderOptions()), _clock);

        var balance = Assert.IsType<ProviderBalance.NotConfigured>(await ReadAsync(nowhere));

        Assert.Equal(
            ("Circle is not configured: Providers:Circle:BaseUrl is not set.", null),
            (balance.Inconclusive, balance.InconclusiveSince));
        Assert.StartsWith("not_configured  USDC Circle is not", await KeptAsync(), StringComparison.Ordinal);
    }

    private Task<ProviderBalance> ReadAsync() => ReadAsync(_circle);

    private async Task<ProviderBalance> ReadAsync(CircleBalances circle)
    {
        await using var sessions = DutySessions.Create(_database.AppConnectionString, _ => { });
        var read = new ReadProviderBalance(
            [circle], sessions, Options.Create(new ProviderPolicy()), _clock,
            NullLogger<ReadProviderBalance>.Instance);
        return await read.ExecuteAsync(Provider.Circle, Cancel);
    }

    private Task<string> KeptAsync() => _database.ScalarAsync<string>("""
        SELECT concat_ws(' ', outcome, coalesce(trim_scale(amount)::text, ''), currency, coalesce(error, ''),
            'inconclusive: ' || CASE WHEN inconclusive_since IS NULL THEN 'False' ELSE 'True' END)
        FROM provider_balances
        WHERE provider = 'circle'
        """);

    private static string Wallet(string amount) =>
        "{\"data\":[{\"walletId\":\"7\",\"balances\":[{\"amount\":\"" + amount + "\",\"currency\":\"USD\"}]}]}";
}
