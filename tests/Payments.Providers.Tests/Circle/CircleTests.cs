using System.Globalization;
using System.Net.Http.Headers;

namespace Payments.Providers.Tests.Circle;

public sealed class CircleTests : SandboxTests
{
    [Fact]
    public async Task A_wallet_has_the_members_that_Circle_documents()
    {
        Flows.Deposit("alice", 12.34m);

        var (status, body, answer) = await GetAsync(Sandbox.Circle, "/v1/wallets");

        var wallet = body.GetProperty("data")[0];
        Assert.Equal((200, "application/json"), (status, answer.Content.Headers.ContentType?.MediaType));
        Assert.Matches("^\\d{10}$", wallet.GetProperty("walletId").GetString()!);
        Assert.Equal(
            ("end_user_wallet", "alice", """[{"amount":"12.34","currency":"USD"}]"""),
            (wallet.GetProperty("type").GetString(), wallet.GetProperty("description").GetString(),
                wallet.GetProperty("balances").GetRawText()));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("another-key")]
    public async Task Without_the_key_nothing_is_told(string? key)
    {
        using var stranger = Sandbox.CreateClient(key is null ? null : new AuthenticationHeaderValue("Bearer", key));

        var (status, body, _) = await GetAsync(stranger, "/v1/wallets");

        Assert.Equal((401, 401), (status, body.GetProperty("code").GetInt32()));
    }

    [Fact]
    public async Task The_links_lead_through_all_wallets_once_and_back()
    {
        for (var i = 0; i < 24; i++)
        {
            Flows.Deposit($"user-{i}", 1m);
        }

        var seen = new List<string>();
        var pages = 0;
        string? last = null;
        for (var address = "/v1/wallets?pageSize=10"; address is not null; pages++)
        {
            var (_, body, answer) = await GetAsync(Sandbox.Circle, address);
            seen.AddRange(body.GetProperty("data").EnumerateArray().Select(
                wallet => wallet.GetProperty("walletId").GetString()!));
            last = Related(answer, "prev") ?? last;
            address = Related(answer, "next");
        }

        var (_, back, _) = await GetAsync(Sandbox.Circle, last!);
        Assert.Equal((3, 25), (pages, seen.Distinct().Count()));
        Assert.Equal(
            seen[10..20],
            back.GetProperty("data").EnumerateArray().Select(wallet => wallet.GetProperty("walletId").GetString()!));
    }

    [Fact]
    public async Task A_page_is_ten_wallets_unless_asked_otherwise_and_fifty_at_the_most()
    {
        for (var i = 0; i < 60; i++)
        {
            Flows.Deposit($"user-{i}", 1m);
        }

        Assert.Equal(
            (10, 7, 50), (await CountAsync(""), await CountAsync("?pageSize=7"), await CountAsync("?pageSize=99")));
    }

    [Theory]
    [InlineData("pageSize=0")]
    [InlineData("pageSize=many")]
    [InlineData("pageAfter=1")]
    public async Task What_is_no_page_is_refused_with_a_code(string query)
    {
        var (status, body, _) = await GetAsync(Sandbox.Circle, $"/v1/wallets?{query}");

        Assert.Equal((400, 2), (status, body.GetProperty("code").GetInt32()));
    }

    private async Task<int> CountAsync(string query) =>
        (await GetAsync(Sandbox.Circle, "/v1/wallets" + query)).Body.GetProperty("data").GetArrayLength();

    private static string? Related(HttpResponseMessage answer, string relation)
    {
        var link = string.Create(CultureInfo.InvariantCulture, $">; rel=\"{relation}\"");
        return answer.Headers.GetValues("Link").Single().Split(", ")
            .FirstOrDefault(one => one.EndsWith(link, StringComparison.Ordinal)) is { } found
            ? new Uri(found[1..^link.Length]).PathAndQuery
            : null;
    }
}
