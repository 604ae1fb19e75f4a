using System.Net.Http.Headers;
using Payments.Api.Tests.Refunds;

namespace Payments.Api.Tests.Transfers;

public sealed class TransferStatusTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Address = "/api/v1/transactions/status/";

    [Fact]
    public async Task A_transfer_is_processing_until_it_is_settled_and_then_shows_its_result()
    {
        var (id, key) = await fixture.Client.TransferAsync("ACC-A", "ACC-B", 5);
        using var early = await GetAsync(key);
        await Settlement.CompleteAsync(fixture.Database, id);
        using var late = await GetAsync(key);

        Assert.Equal((202, 200), ((int)early.StatusCode, (int)late.StatusCode));
        Assert.Equal((true, false), (early.Headers.RetryAfter is not null, late.Headers.RetryAfter is not null));
        var (before, after) = (await early.ReadAsync(), await late.ReadAsync());
        Assert.Equal(("PROCESSING", "COMPLETED"), (StatusOf(before), StatusOf(after)));
        Assert.Equal(JsonValueKind.Null, before.GetProperty("result").ValueKind);
        Assert.Equal("5.00", after.GetProperty("result").GetProperty("amount").GetRawText());
        Assert.Equal("ACC-B", after.GetProperty("result").GetProperty("destination_account_id").GetString());
    }

    [Fact]
    public async Task A_transfer_that_failed_says_why()
    {
        var (id, key) = await fixture.Client.TransferAsync("ACC-A", "ACC-B", 5);
        await Settlement.FailAsync(fixture.Database, id, "insufficient_funds");

        var answer = await fixture.Client.GetJsonAsync(Address + key);

        Assert.Equal("FAILED", StatusOf(answer));
        Assert.Equal(
            "insufficient_funds", answer.GetProperty("result").GetProperty("failureReason").GetString());
    }

    [Fact]
    public async Task A_transfer_of_which_something_was_given_back_says_so_once_that_is_posted()
    {
        var (id, key) = await fixture.Client.TransferAsync("ACC-BACK-A", "ACC-BACK-B", 5);
        await Settlement.CompleteAsync(fixture.Database, id);
        using var settled = await GetAsync(key);
        using var refund = await fixture.Client.PostAsync(
            $"/api/v1/transactions/{id}/refund", """{"amount":2}""", "give back");
        using var reserved = await GetAsync(key, etag: settled.Headers.ETag);
        await using (var worker = SettlingWorker.Start(fixture.Database))
        {
            await worker.SettleAllAsync();
        }

        using var posted = await GetAsync(key, etag: settled.Headers.ETag);

        Assert.Equal((201, 304, 200), ((int)refund.StatusCode, (int)reserved.StatusCode, (int)posted.StatusCode));
        var answer = await posted.ReadAsync();
        Assert.Equal("COMPLETED", StatusOf(answer));
        Assert.Equal(
            ("partially_refunded", "2.00"),
            (StatusOf(answer.GetProperty("result")),
                answer.GetProperty("result").GetProperty("refundedAmount").GetRawText()));
        Assert.Equal("-3.00", (await fixture.Client.GetJsonAsync("/accounts/ACC-BACK-A/balance"))
            .GetProperty("balance").GetRawText());
        await Books.ShouldBeRightAsync(fixture.Database);
    }

    [Fact]
    public async Task Who_has_the_answer_already_is_told_that_it_is_the_same()
    {
        var (id, key) = await fixture.Client.TransferAsync("ACC-A", "ACC-B", 5);
        using var first = await GetAsync(key);
        using var same = await GetAsync(key, etag: first.Headers.ETag);
        await Settlement.CompleteAsync(fixture.Database, id);
        using var changed = await GetAsync(key, etag: first.Headers.ETag);

        Assert.Equal((304, first.Headers.ETag), ((int)same.StatusCode, same.Headers.ETag));
        Assert.Empty(await same.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal(200, (int)changed.StatusCode);
    }

    [Fact]
    public async Task Who_prefers_to_wait_is_answered_when_it_settles()
    {
        var (id, key) = await fixture.Client.TransferAsync("ACC-A", "ACC-B", 5);
        var waiting = GetAsync(key, prefer: "respond-async, wait=20");
        using var meanwhile = await GetAsync(key);
        Assert.False(waiting.IsCompleted);

        await Settlement.CompleteAsync(fixture.Database, id);
        await fixture.Database.ExecuteAsync("NOTIFY payments_changed");
        using var answer = await waiting;

        Assert.Equal((202, 200), ((int)meanwhile.StatusCode, (int)answer.StatusCode));
        Assert.Equal("wait=20", Assert.Single(answer.Headers.GetValues("Preference-Applied")));
        Assert.Equal("COMPLETED", StatusOf(await answer.ReadAsync()));
    }

    [Fact]
    public async Task Waiting_is_bounded_by_what_was_preferred_and_by_the_api()
    {
        var (id, key) = await fixture.Client.TransferAsync("ACC-A", "ACC-B", 5);
        using var brief = await GetAsync(key, prefer: "wait=0");
        await Settlement.CompleteAsync(fixture.Database, id);
        using var bounded = await GetAsync(key, prefer: "wait=86400");

        Assert.Equal((202, "wait=0"), ((int)brief.StatusCode, brief.Headers.GetValues("Preference-Applied").Single()));
        Assert.Equal("wait=30", Assert.Single(bounded.Headers.GetValues("Preference-Applied")));
    }

    [Theory]
    [InlineData("order/2026/7")]
    [InlineData("a%2Fb")]
    [InlineData("50% off? #1 & more")]
    [InlineData("..")]
    [InlineData("a//b")]
    [InlineData("x+y z")]
    public async Task Whatever_a_key_is_made_of_its_poll_address_leads_to_it(string key)
    {
        using var created = await fixture.Client.PostJsonAsync(
            "/api/v1/transactions",
            $$$"""
            {"transaction":{"source_account_id":"A","destination_account_id":"B","amount":1},
            "idempotencyKey":"{{{key}}}"}
            """);
        var accepted = await created.ReadAsync();

        using var response = await fixture.Client.GetAsync(
            accepted.GetProperty("pollUrl").GetString(), TestContext.Current.CancellationToken);

        Assert.Equal(202, (int)response.StatusCode);
        var answer = await response.ReadAsync();
        Assert.Equal(key, answer.GetProperty("idempotencyKey").GetString());
        Assert.Equal(accepted.GetProperty("messageId").GetGuid(), answer.GetProperty("messageId").GetGuid());
    }

    [Fact]
    public async Task A_key_that_nobody_used_and_one_of_another_owner_are_unknown_alike()
    {
        await TestKeys.AddAsync(fixture.Database, "stranger", "key-of-the-stranger");
        using var stranger = fixture.Api.CreateClient("key-of-the-stranger");
        var (_, key) = await fixture.Client.TransferAsync("ACC-A", "ACC-B", 5);

        using var unused = await GetAsync("never-used");
        using var foreign = await stranger.GetAsync(Address + key, TestContext.Current.CancellationToken);
        using var empty = await GetAsync("");

        foreach (var response in new[] { unused, foreign, empty })
        {
            Assert.Equal((404, "transaction_not_found"), ((int)response.StatusCode, await response.CodeAsync()));
        }
    }

    private async Task<HttpResponseMessage> GetAsync(
        string key, string? prefer = null, EntityTagHeaderValue? etag = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Address + key);
        if (prefer is not null)
        {
            request.Headers.Add("Prefer", prefer);
        }

        if (etag is not null)
        {
            request.Headers.IfNoneMatch.Add(etag);
        }

        return await fixture.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static string? StatusOf(JsonElement answer) => answer.GetProperty("status").GetString();
}
