using Microsoft.Extensions.Options;
using Payments.Providers.Tests;
using Recon.Worker.Providers;

namespace Recon.Worker.Tests.Providers;

/// <summary>The adapters against the sandbox, both as they ship.</summary>
public sealed class SandboxReadingTests : IAsyncLifetime
{
    private FlowsServer _flows = null!;
    private SandboxServer _sandbox = null!;
    private CircleBalances _circle = null!;
    private AlpacaBalances _alpaca = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _flows = await FlowsServer.StartAsync();
        _sandbox = SandboxServer.Start(_flows);
        var address = _sandbox.Address.ToString();
        var options = Options.Create(new ProviderOptions
        {
            Circle = { BaseUrl = address, ApiKey = SandboxServer.CircleApiKey },
            Alpaca = { BaseUrl = address, KeyId = SandboxServer.AlpacaKeyId, Secret = SandboxServer.AlpacaSecret },
            RetryDelay = TimeSpan.FromMilliseconds(1),
            AttemptTimeout = TimeSpan.FromSeconds(5),
            Retries = 1,
            LongestWait = TimeSpan.FromSeconds(1),
        });
        _circle = new CircleBalances(options, TimeProvider.System);
        _alpaca = new AlpacaBalances(options, TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        _circle.Dispose();
        _alpaca.Dispose();
        await _sandbox.DisposeAsync();
        await _flows.DisposeAsync();
    }

    [Fact]
    public async Task Totals_over_many_wallets_and_accounts_are_what_the_flows_add_up_to()
    {
        for (var i = 0; i < 120; i++)
        {
            _flows.Deposit($"user-{i}", 10.000001m).Convert($"user-{i}", 2.5m, 2.49m);
        }

        _flows.Withdraw("user-3", 1.40m).Withdraw("user-4", 0.09m);

        var circle = await _circle.ReadTotalAsync(Cancel);
        var alpaca = await _alpaca.ReadTotalAsync(Cancel);

        Assert.Equal((900_000_120m, 29_731m), (circle.Minor, alpaca.Minor));
    }

    [Fact]
    public async Task More_accounts_than_a_page_of_Alpaca_holds_all_count()
    {
        for (var i = 0; i < 1_010; i++)
        {
            _flows.Convert($"user-{i}", 1m, 1m);
        }

        Assert.Equal(101_000m, (await _alpaca.ReadTotalAsync(Cancel)).Minor);
    }

    [Fact]
    public async Task A_shift_is_in_the_total_to_the_cent()
    {
        _flows.Deposit("alice", 10m).Convert("alice", 1m, 1m);
        await _sandbox.DisturbAsync("circle", "shift", new { amount = "-25.00" });
        await _sandbox.DisturbAsync("alpaca", "shift", new { amount = "250.01" });

        Assert.Equal(-16_000_000m, (await _circle.ReadTotalAsync(Cancel)).Minor);
        Assert.Equal(25_101m, (await _alpaca.ReadTotalAsync(Cancel)).Minor);
    }

    [Fact]
    public async Task Delayed_data_grow_old_while_the_books_go_on()
    {
        _flows.Deposit("alice", 10m);
        await _sandbox.DisturbAsync("circle", "delay");
        var delayed = TimeProvider.System.GetUtcNow();
        _flows.Deposit("alice", 5m);

        ProviderTotal total;
        do
        {
            total = await _circle.ReadTotalAsync(Cancel);
        }
        while (TimeProvider.System.GetUtcNow() - delayed < TimeSpan.FromSeconds(2));

        Assert.Equal(10_000_000m, total.Minor);
        Assert.True(total.AsOf <= delayed, $"{total.AsOf:O} {delayed:O}");
    }

    [Theory]
    [InlineData("error", "Circle answered 503 to GET /v1/wallets.")]
    [InlineData("rate_limit", "Circle asks to wait 5 seconds (429).")]
    [InlineData("truncated", "Circle cannot be reached, or its answer broke off")]
    public async Task A_broken_provider_is_told_apart_and_read_again_when_it_is_healed(string how, string reason)
    {
        _flows.Deposit("alice", 10m);
        await _sandbox.DisturbAsync("circle", "break", new { how });

        var failure = await Assert.ThrowsAsync<ProviderFailedException>(() => _circle.ReadTotalAsync(Cancel));
        await _sandbox.DisturbAsync("circle", "heal");

        Assert.StartsWith(reason, failure.Message, StringComparison.Ordinal);
        Assert.Equal(10_000_000m, (await _circle.ReadTotalAsync(Cancel)).Minor);
    }

    [Fact]
    public async Task Wrong_credentials_are_refused_by_both()
    {
        var options = Options.Create(ProviderReaders.Options(_sandbox.Address.ToString()));
        using var circle = new CircleBalances(options, TimeProvider.System);
        using var alpaca = new AlpacaBalances(options, TimeProvider.System);

        var refusals = new[]
        {
            (await Assert.ThrowsAsync<ProviderFailedException>(() => circle.ReadTotalAsync(Cancel))).Message,
            (await Assert.ThrowsAsync<ProviderFailedException>(() => alpaca.ReadTotalAsync(Cancel))).Message,
        };

        Assert.Equal(["Circle refused the credentials (401).", "Alpaca refused the credentials (401)."], refusals);
    }
}
