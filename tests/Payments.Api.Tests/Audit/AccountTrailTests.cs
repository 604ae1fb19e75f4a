using Payments.Api.Tests.Refunds;
using Payments.Ledger.Audit;

namespace Payments.Api.Tests.Audit;

public sealed class AccountTrailTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_trail_tells_who_created_what_was_posted_and_what_was_done_to_it()
    {
        var id = await fixture.Client.PayAsync("ACC-TRAIL", 100);
        await Settlement.CompleteAsync(fixture.Database, id);
        var keyId = Guid.CreateVersion7();
        await RecordAsync(new(new("operator", keyId), "refund.created", "refund", "r-1")
        {
            Account = "ACC-TRAIL",
            Currency = "USD",
            Details = new { Amount = 5.50m },
        });

        var trail = await fixture.Client.GetJsonAsync("/api/v1/accounts/ACC-TRAIL/audit-trail");

        var items = trail.GetProperty("data").EnumerateArray().ToList();
        Assert.Equal(
            ["refund.created by operator: succeeded", "payment.posted by worker: succeeded",
                "payment.created by tester: completed"],
            items.Select(item =>
                $"{Text(item, "action")} by {Text(item, "actor")}: {Text(item, "outcome")}"),
            StringComparer.Ordinal);
        Assert.Equal("""{"amount":5.50}""", items[0].GetProperty("details").GetRawText());
        Assert.Equal((keyId, "r-1"), (items[0].GetProperty("keyId").GetGuid(), Text(items[0], "objectId")));
        var posted = items[1].GetProperty("details");
        Assert.Equal(
            ("credit", "100.00", "100.00", id.ToString()),
            (Text(posted, "direction"), posted.GetProperty("amount").GetRawText(),
                posted.GetProperty("balanceAfter").GetRawText(), Text(items[1], "objectId")));
        var created = items[2].GetProperty("details");
        Assert.Equal(
            ("clearing", "ACC-TRAIL", "100.00", id.ToString()),
            (Text(created, "from"), Text(created, "to"), created.GetProperty("amount").GetRawText(),
                Text(items[2], "objectId")));
        Assert.Equal(32, Text(items[2], "traceId")!.Length);
    }

    [Fact]
    public async Task What_is_reserved_for_a_refund_is_not_refunded_yet_in_the_trail_either()
    {
        var id = await fixture.PaidAsync("ACC-RESERVED", 100);
        using var refund = await fixture.Client.RefundAsync(id, RefundRequests.Part);

        var reserved = await RefundedAsync();
        await fixture.Database.ExecuteAsync(
            "UPDATE refunds SET status = 'succeeded', settled_at = now() WHERE payment_id = @id", new { id });

        Assert.Equal(("0.00", "40.00"), (reserved, await RefundedAsync()));

        async Task<string> RefundedAsync()
        {
            var trail = await fixture.Client.GetJsonAsync("/api/v1/accounts/ACC-RESERVED/audit-trail");
            return trail.GetProperty("data").EnumerateArray()
                .Single(item => Text(item, "id") == $"payment-{id}")
                .GetProperty("details").GetProperty("refundedAmount").GetRawText();
        }
    }

    [Fact]
    public async Task A_failed_payment_is_in_the_trail_with_its_reason()
    {
        await Settlement.FailAsync(
            fixture.Database, await fixture.Client.PayAsync("ACC-FAILED", -1), "negative_amount");

        var trail = await fixture.Client.GetJsonAsync("/api/v1/accounts/ACC-FAILED/audit-trail");

        var item = Assert.Single(trail.GetProperty("data").EnumerateArray());
        Assert.Equal(
            ("failed", "negative_amount"), (Text(item, "outcome"), Text(item.GetProperty("details"), "failureReason")));
    }

    [Fact]
    public async Task Both_accounts_of_an_event_show_it_and_other_currencies_do_not()
    {
        foreach (var account in new[] { "ACC-ONE", "ACC-OTHER" })
        {
            foreach (var currency in new[] { "USD", "EUR" })
            {
                await Settlement.CompleteAsync(
                    fixture.Database, await fixture.Client.PayAsync(account, 1, currency));
            }
        }

        await RecordAsync(new(new("operator"), "transfer.cancelled", "payment", "t")
        {
            Account = "ACC-ONE",
            OtherAccount = "ACC-OTHER",
            Currency = "USD",
        });
        await RecordAsync(new(new("operator"), "account.frozen", "account", "ACC-ONE") { Account = "ACC-ONE" });

        Assert.Equal(["account.frozen", "transfer.cancelled"], await EventsAsync("ACC-ONE?currency=USD"));
        Assert.Equal(["account.frozen"], await EventsAsync("ACC-ONE?currency=EUR"));
        Assert.Equal(["transfer.cancelled"], await EventsAsync("ACC-OTHER?currency=USD"));
        Assert.Empty(await EventsAsync("ACC-OTHER?currency=EUR"));
    }

    [Fact]
    public async Task Pages_of_any_size_in_both_directions_give_every_item_once_and_in_order()
    {
        for (var i = 1; i <= 6; i++)
        {
            var id = await fixture.Client.PayAsync("ACC-PAGES", i);
            await RecordAsync(
                new(new("operator"), "payment.noted", "payment", id.ToString()) { Account = "ACC-PAGES" });
            if (i % 2 == 0)
            {
                await Settlement.CompleteAsync(fixture.Database, id);
            }
        }

        var all = await IdsAsync("?limit=100");
        Assert.Equal(15, all.Count);

        foreach (var limit in new[] { 1, 2, 4, 14 })
        {
            var older = new List<string>(await IdsAsync($"?limit={limit}"));
            while (await IdsAsync($"?limit={limit}&starting_after={older[^1]}") is { Count: > 0 } page)
            {
                older.AddRange(page);
            }

            var newer = new List<string> { all[^1] };
            while (await IdsAsync($"?limit={limit}&ending_before={newer[0]}") is { Count: > 0 } page)
            {
                newer.InsertRange(0, page);
            }

            Assert.Equal(all, older);
            Assert.Equal(all, newer);
        }
    }

    [Fact]
    public async Task What_cannot_be_answered_is_refused()
    {
        await Settlement.CompleteAsync(fixture.Database, await fixture.Client.PayAsync("ACC-REFUSALS", 1));
        await Settlement.CompleteAsync(fixture.Database, await fixture.Client.PayAsync("ACC-STRANGER", 1));
        var stranger = await fixture.Client.GetJsonAsync("/api/v1/accounts/ACC-STRANGER/audit-trail");

        foreach (var item in stranger.GetProperty("data").EnumerateArray())
        {
            var cursor = Text(item, "id");
            Assert.Equal("invalid_cursor", await RefusalAsync($"ACC-REFUSALS/audit-trail?starting_after={cursor}"));
        }

        Assert.Equal("invalid_cursor", await RefusalAsync("ACC-REFUSALS/audit-trail?starting_after=event-x"));
        Assert.Equal("invalid_cursor", await RefusalAsync("ACC-REFUSALS/audit-trail?ending_before=x"));
        Assert.Equal("invalid_request", await RefusalAsync("ACC-REFUSALS/audit-trail?colour=red"));
        Assert.Equal("account_not_found", await RefusalAsync("nobody/audit-trail"));
        Assert.Equal("account_divided", await RefusalAsync("clearing/audit-trail?currency=USD"));
    }

    private Task RecordAsync(AuditEvent audited) => AuditEvents.RecordAsync(fixture.Database, audited);

    private async Task<List<string?>> EventsAsync(string accountAndQuery)
    {
        var parts = accountAndQuery.Split('?');
        var trail = await fixture.Client.GetJsonAsync($"/api/v1/accounts/{parts[0]}/audit-trail?{parts[1]}");
        return
        [
            .. trail.GetProperty("data").EnumerateArray()
                .Where(item => Text(item, "id")!.StartsWith("event-", StringComparison.Ordinal))
                .Select(item => Text(item, "action")),
        ];
    }

    private async Task<List<string>> IdsAsync(string query) =>
    [
        .. (await fixture.Client.GetJsonAsync("/api/v1/accounts/ACC-PAGES/audit-trail" + query))
            .GetProperty("data").EnumerateArray().Select(item => Text(item, "id")!),
    ];

    private async Task<string> RefusalAsync(string address)
    {
        using var response = await fixture.Client.GetAsync("/api/v1/accounts/" + address, Cancel);
        return await response.CodeAsync();
    }

    private static string? Text(JsonElement item, string member) => item.GetProperty(member).GetString();
}
