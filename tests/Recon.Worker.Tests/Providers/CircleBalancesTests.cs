using System.Net;
using Microsoft.AspNetCore.Http;
using Recon.Worker.Providers;

namespace Recon.Worker.Tests.Providers;

/// <summary>The adapter of Circle against what Circle answers.</summary>
public sealed class CircleBalancesTests : IAsyncLifetime
{
    private const string First = "/v1/wallets?pageSize=50";
    private const string Second = "/v1/wallets?pageSize=50&pageAfter=1000216186";

    private ProviderServer _server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await ProviderServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task The_total_is_the_USDC_of_all_wallets_on_all_pages_to_the_last_decimal()
    {
        _server
            .Answers(First, Recorded("circle-wallets-1.json"), headers: NextLink("1000216186"))
            .Answers(Second, Recorded("circle-wallets-2.json"), headers: [
                "Link: <https://api.circle.com/v1/wallets?pageSize=50>; rel=\"first\", "
                + "<https://api.circle.com/v1/wallets?pageSize=50&pageBefore=1000216185>; rel=\"prev\""]);
        using var circle = ProviderReaders.Circle(_server);

        var total = await circle.ReadTotalAsync(Cancel);

        Assert.Equal(1_202_500_001m, total.Minor);
        Assert.Equal(
            [(First, $"Bearer {ProviderReaders.CircleKey}"), (Second, $"Bearer {ProviderReaders.CircleKey}")],
            _server.Received);
    }

    [Fact]
    public async Task A_wallet_that_slips_onto_the_next_page_counts_once()
    {
        _server
            .Answers(First, Recorded("circle-wallets-1.json"), headers: NextLink("1000216186"))
            .Answers(Second, Recorded("circle-wallets-1.json"));
        using var circle = ProviderReaders.Circle(_server);

        Assert.Equal(1_200_000_001m, (await circle.ReadTotalAsync(Cancel)).Minor);
    }

    [Fact]
    public async Task A_link_to_another_host_gets_neither_the_request_nor_the_key()
    {
        await using var other = await ProviderServer.StartAsync();
        _server
            .Answers(First, Recorded("circle-wallets-1.json"), headers:
                $"Link: <{other.Address}/v1/wallets?pageAfter=1000216186>; rel=next")
            .Answers(Second, Recorded("circle-wallets-2.json"));
        using var circle = ProviderReaders.Circle(_server);

        await circle.ReadTotalAsync(Cancel);

        Assert.Empty(other.Received);
        Assert.Equal(2, _server.Received.Count);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using var other = await ProviderServer.StartAsync();
        _server.Answers(First, "", HttpStatusCode.Found, $"Location: {other.Address}/v1/wallets?pageSize=50");

        Assert.Equal("Circle answered 302 to GET /v1/wallets.", await FailureAsync());
        Assert.Empty(other.Received);
    }

    [Fact]
    public async Task Pages_without_links_go_on_behind_the_last_wallet_of_a_full_page()
    {
        _server
            .Answers(First, Wallets(1, 50))
            .Answers("/v1/wallets?pageSize=50&pageAfter=50", Wallets(51, 50))
            .Answers("/v1/wallets?pageSize=50&pageAfter=100", Wallets(101, 7));
        using var circle = ProviderReaders.Circle(_server);

        Assert.Equal(107_000_000m, (await circle.ReadTotalAsync(Cancel)).Minor);
    }

    [Fact]
    public async Task Pages_that_lead_in_a_circle_are_no_total()
    {
        _server
            .Answers(First, Recorded("circle-wallets-1.json"), headers: NextLink("1000216186"))
            .Answers(Second, Recorded("circle-wallets-2.json"), headers: NextLink("1000216186"));

        Assert.Equal("Circle pages its wallets in a circle.", await FailureAsync());
    }

    [Theory]
    [InlineData("0.000000000001", "0.000001")]
    [InlineData("999999999999999", "999999999999999000000")]
    [InlineData("-12.50", "-12500000")]
    [InlineData("0", "0")]
    public async Task Amounts_are_exact_however_small_or_large(string amount, string minor)
    {
        _server.Answers(First, Wallet(amount));
        using var circle = ProviderReaders.Circle(_server);

        var total = await circle.ReadTotalAsync(Cancel);

        Assert.Equal(decimal.Parse(minor, System.Globalization.CultureInfo.InvariantCulture), total.Minor);
    }

    [Theory]
    [InlineData("0.0000000000001")]
    [InlineData("1000000000000000")]
    [InlineData("1e3")]
    [InlineData("1,000.00")]
    [InlineData(" 1")]
    [InlineData("+1")]
    [InlineData("1.")]
    [InlineData(".5")]
    [InlineData("")]
    [InlineData("NaN")]
    public async Task An_amount_that_could_be_rounded_or_misread_is_no_total(string amount)
    {
        _server.Answers(First, Wallet(amount));

        Assert.StartsWith("Circle tells an amount of wallet 7", await FailureAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"data":[{"walletId":"7","balances":[{"amount":12.5,"currency":"USD"}]}]}""")]
    [InlineData("""{"data":[{"walletId":"7","balances":[{"amount":"12.5"}]}]}""")]
    [InlineData("""{"data":[{"walletId":"7","balances":null}]}""")]
    [InlineData("""{"data":[{"walletId":"7","balan""")]
    [InlineData("""{"wallets":[]}""")]
    [InlineData("<html>Welcome</html>")]
    [InlineData("null")]
    [InlineData("")]
    public async Task What_is_not_the_documented_JSON_is_no_total(string body)
    {
        _server.Answers(First, body);

        Assert.Equal("Circle answered what is not the documented JSON.", await FailureAsync());
        Assert.Single(_server.Received);
    }

    [Fact]
    public async Task An_answer_that_breaks_off_is_asked_for_again()
    {
        _server
            .Answers(First, async context =>
            {
                context.Response.ContentLength = 1_000;
                await context.Response.WriteAsync("{\"data\":[");
                await context.Response.Body.FlushAsync();
                context.Abort();
            })
            .Answers(First, Recorded("circle-wallets-2.json"));
        using var circle = ProviderReaders.Circle(_server);

        Assert.Equal(2_500_000m, (await circle.ReadTotalAsync(Cancel)).Minor);
    }

    [Fact]
    public async Task Refused_credentials_are_said_at_once_and_never_shown()
    {
        _server.Answers(First, Recorded("circle-401.json"), HttpStatusCode.Unauthorized);

        var failure = await FailureAsync();

        Assert.Equal("Circle refused the credentials (401).", failure);
        Assert.Single(_server.Received);
    }

    [Fact]
    public async Task The_age_that_an_answer_tells_makes_the_total_as_old()
    {
        _server
            .Answers(First, Recorded("circle-wallets-1.json"), headers: [.. NextLink("1000216186"), "Age: 90"])
            .Answers(Second, Recorded("circle-wallets-2.json"), headers: "Age: 20");
        using var circle = ProviderReaders.Circle(_server);
        var before = TimeProvider.System.GetUtcNow();

        var total = await circle.ReadTotalAsync(Cancel);

        // The Date header is in whole seconds.
        Assert.InRange((before - total.AsOf).TotalSeconds, 88, 91.1);
    }

    [Fact]
    public async Task An_answer_that_was_made_long_before_it_was_asked_for_is_that_old()
    {
        _server.Answers(First, Recorded("circle-wallets-2.json"), headers: "Date: Sun, 01 Mar 2026 10:00:00 GMT");
        using var circle = ProviderReaders.Circle(_server);

        var total = await circle.ReadTotalAsync(Cancel);

        Assert.Equal(new DateTimeOffset(2026, 3, 1, 10, 0, 0, TimeSpan.Zero), total.AsOf);
    }

    private static string Recorded(string name) => ProviderServer.Recorded(name);

    private async Task<string> FailureAsync()
    {
        using var circle = ProviderReaders.Circle(_server);
        var failure = await Assert.ThrowsAsync<ProviderFailedException>(() => circle.ReadTotalAsync(Cancel));
        Assert.DoesNotContain("secret", failure.ToString(), StringComparison.Ordinal);
        return failure.Message;
    }

    private static string[] NextLink(string after) =>
        [$"Link: <https://api.circle.com/v1/wallets?pageSize=50&pageAfter={after}>; rel=\"next\""];

    private static string Wallet(string amount) =>
        $$"""{"data":[{"walletId":"7","balances":[{"amount":"{{amount}}","currency":"USD"}]}]}""";

    private static string Wallets(int from, int count) => "{\"data\":[" + string.Join(',', Enumerable.Range(from, count)
        .Select(id => $$"""{"walletId":"{{id}}","balances":[{"amount":"1.00","currency":"USD"}]}""")) + "]}";
}
