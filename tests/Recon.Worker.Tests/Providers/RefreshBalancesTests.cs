using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Payments.Ledger;
using Payments.Ledger.Providers;
using Payments.Testing;
using Recon.Worker.Providers;
using Recon.Worker.Tests.Duties;

namespace Recon.Worker.Tests.Providers;

/// <summary>What is known of a provider stays fresh without any reconciliation run.</summary>
public sealed class RefreshBalancesTests : IAsyncLifetime
{
    private const string First = "/v1/wallets?pageSize=50";

    private readonly TestDatabase _database = new();

    private ProviderServer _server = null!;
    private CircleBalances _circle = null!;
    private TestDuties _worker = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Database.Configure();
        await _database.InitializeAsync();
        _server = await ProviderServer.StartAsync();
        _circle = ProviderReaders.Circle(_server, options => options.Retries = 0);
        _worker = new TestDuties(_database);
    }

    public async ValueTask DisposeAsync()
    {
        await _worker.DisposeAsync();
        _circle.Dispose();
        await _server.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task However_many_workers_start_each_configured_provider_has_one_duty()
    {
        var options = Options.Create(new ProviderOptions());
        using var nowhere = new AlpacaBalances(options, TimeProvider.System);
        var seeds = Enumerable.Range(0, 4).Select(_ => new SeedRefreshDuties(
            [_circle, nowhere], _worker.Sessions, TimeProvider.System, NullLogger<SeedRefreshDuties>.Instance));

        await Task.WhenAll(seeds.Select(seed => seed.RunOnceAsync(Cancel)));

        Assert.Equal(
            ["provider.refresh/circle pending"],
            await _database.QueryAsync<string>("SELECT name || ' ' || status FROM duties"));
    }

    [Fact]
    public async Task A_balance_is_kept_and_read_again_after_the_interval_give_or_take_a_tenth()
    {
        _server.Answers(First, Wallet("5")).Answers(First, Wallet("7"));
        await SeedAsync();

        Assert.True(await _worker.RunOneAsync(Refresh(), Cancel));

        Assert.Equal("current 5000000 pending 0", await KeptAsync());
        Assert.InRange(await DueInAsync(), 100, 132);
        Assert.False(await _worker.RunOneAsync(Refresh(), Cancel));

        await DueNowAsync();
        Assert.True(await _worker.RunOneAsync(Refresh(), Cancel));
        Assert.Equal("current 7000000 pending 0", await KeptAsync());
    }

    [Fact]
    public async Task A_failure_keeps_the_last_balance_with_its_age_opens_nothing_and_is_tried_again()
    {
        _server.Answers(First, Wallet("5")).Answers(First, "{}", HttpStatusCode.ServiceUnavailable);
        await SeedAsync();
        await _worker.RunOneAsync(Refresh(), Cancel);
        var asOf = await _database.ScalarAsync<DateTime>("SELECT as_of FROM provider_balances");
        await DueNowAsync();

        await _worker.RunOneAsync(Refresh(), Cancel);

        Assert.Equal("unavailable 5000000 pending 0", await KeptAsync());
        Assert.Equal(asOf, await _database.ScalarAsync<DateTime>("SELECT as_of FROM provider_balances"));
        Assert.InRange(await DueInAsync(), 100, 132);
        Assert.Equal(0, await _database.ScalarAsync<long>("SELECT count(*) FROM reconciliation_exceptions"));
    }

    [Fact]
    public async Task A_duty_whose_workers_died_again_and_again_is_still_done()
    {
        _server.Answers(First, Wallet("5"));
        await SeedAsync();
        await _database.ExecuteAsync("UPDATE duties SET failures = 1000");

        await _worker.RunOneAsync(Refresh(), Cancel);

        Assert.Equal("current 5000000 pending 1000", await KeptAsync());
    }

    [Fact]
    public async Task A_worker_refreshes_on_its_own()
    {
        _server.Answers(First, Wallet("5")).Answers(First, Wallet("6")).Answers(First, Wallet("7"));

        await using var worker = new WorkerProcess(
            _database, ("Providers:Circle:BaseUrl", _server.Address),
            ("Providers:Circle:ApiKey", ProviderReaders.CircleKey), ("Providers:RefreshInterval", "00:00:01"),
            ("Duties:PollSeconds", "0.05"), ("Reconciliation:Enabled", "false"));
        worker.CreateClient().Dispose();

        await _database.UntilAsync("SELECT count(*) = 1 FROM provider_balances WHERE amount = 7000000");
        Assert.Equal(0, await _database.ScalarAsync<long>("SELECT count(*) FROM reconciliation_reports"));
    }

    private RefreshBalances Refresh() => new(
        new ReadProviderBalance(
            [_circle], _worker.Sessions, Options.Create(new ProviderPolicy()), TimeProvider.System,
            NullLogger<ReadProviderBalance>.Instance),
        _worker.Sessions, Options.Create(new ProviderOptions()), new Random(7));

    private Task SeedAsync() => new SeedRefreshDuties(
        [_circle], _worker.Sessions, TimeProvider.System, NullLogger<SeedRefreshDuties>.Instance)
        .RunOnceAsync(Cancel);

    private Task<string> KeptAsync() => _database.ScalarAsync<string>("""
        SELECT kept.outcome || ' ' || trim_scale(kept.amount) || ' ' || duty.status || ' ' || duty.failures
        FROM provider_balances AS kept
        CROSS JOIN duties AS duty
        """);

    private Task<double> DueInAsync() => _database.ScalarAsync<double>(
        "SELECT extract(epoch FROM available_at - clock_timestamp())::float8 FROM duties");

    private Task<int> DueNowAsync() =>
        _database.ExecuteAsync("UPDATE duties SET available_at = clock_timestamp()");

    private static string Wallet(string amount) =>
        "{\"data\":[{\"walletId\":\"7\",\"balances\":[{\"amount\":\"" + amount + "\",\"currency\":\"USD\"}]}]}";
}
