namespace Payments.Api.Tests.Accounts;

public sealed class AccountTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Ledger = "/api/v1/accounts/ACC-LEDGER/ledger";

    [Fact]
    public async Task An_account_is_opened_by_its_first_settlement_and_unknown_before()
    {
        var id = await fixture.Client.PayAsync("ACC-NEW", 100);
        using var queued = await fixture.Client.GetAsync(
            "/accounts/ACC-NEW/balance", TestContext.Current.CancellationToken);
        Assert.Equal(404, (int)queued.StatusCode);
        Assert.Equal("account_not_found", await queued.CodeAsync());

        await Settlement.CompleteAsync(fixture.Database, id);

        var balance = await fixture.Client.GetJsonAsync("/accounts/ACC-NEW/balance");
        Assert.Equal("100.00", balance.GetProperty("balance").GetRawText());
    }

    [Fact]
    public async Task A_balance_shows_what_is_posted_and_what_is_queued()
    {
        await Settlement.CompleteAsync(fixture.Database, await fixture.Client.PayAsync("ACC-BAL", 100));
        await fixture.Client.PayAsync("ACC-BAL", 30.25m);
        await fixture.Client.PayAsync("ACC-BAL", 20);
        await fixture.Client.PayAsync("ACC-BAL", -5);
        await fixture.Client.PayAsync("ACC-BAL", 7, "EUR");

        var balance = await fixture.Client.GetJsonAsync("/accounts/ACC-BAL/balance");

        Assert.Equal(
            $$"""
            {"accountId":"ACC-BAL","balance":100.00,"pending":50.25,"available":100.00,"currency":"USD",
            "version":1,"asOf":{{balance.GetProperty("asOf").GetRawText()}},"posted":100.00,"pendingIn":50.25,
            "pendingOut":0.00,"minimumBalance":null}
            """.ReplaceLineEndings(""),
            balance.GetRawText());
    }

    [Fact]
    public async Task What_is_queued_to_leave_an_account_is_not_available()
    {
        await Settlement.CompleteAsync(fixture.Database, await fixture.Client.PayAsync("ACC-PAYER", 100));
        await fixture.Database.ExecuteAsync(
            """
            INSERT INTO recon_jobs (id, payment_id, amount, division, kind, currency, payee_account, payer_account)
            SELECT id, id, 4000, 0, 'transfer', 'USD', 'ACC-PAYEE', 'ACC-PAYER'
            FROM (SELECT gen_random_uuid() AS id) AS new
            """);

        var balance = await fixture.Client.GetJsonAsync("/accounts/ACC-PAYER/balance");

        Assert.Equal(
            ("100.00", "40.00", "60.00"),
            (balance.GetProperty("balance").GetRawText(), balance.GetProperty("pending").GetRawText(),
                balance.GetProperty("available").GetRawText()));
    }

    [Fact]
    public async Task Without_a_currency_an_account_is_shown_in_USD_or_in_its_only_one()
    {
        foreach (var currency in new[] { "EUR", "JPY", "USD" })
        {
            await Settlement.CompleteAsync(fixture.Database, await fixture.Client.PayAsync("ACC-MANY", 5, currency));
        }

        await Settlement.CompleteAsync(fixture.Database, await fixture.Client.PayAsync("ACC-ONE", 5, "JPY"));
        await Settlement.CompleteAsync(fixture.Database, await fixture.Client.PayAsync("ACC-TWO", 5, "JPY"));
        await Settlement.CompleteAsync(fixture.Database, await fixture.Client.PayAsync("ACC-TWO", 5, "EUR"));

        Assert.Equal("USD", await CurrencyAsync("ACC-MANY/balance"));
        Assert.Equal("EUR", await CurrencyAsync("ACC-MANY/balance?currency=EUR"));
        Assert.Equal("JPY", await CurrencyAsync("ACC-ONE/balance"));
        Assert.Equal((400, "invalid_request"), await RefusalAsync("ACC-TWO/balance"));
        Assert.Equal((404, "account_not_found"), await RefusalAsync("ACC-ONE/balance?currency=USD"));
        Assert.Equal((400, "invalid_request"), await RefusalAsync("ACC-ONE/balance?currency=usd"));
        Assert.Equal((400, "invalid_request"), await RefusalAsync("ACC-ONE/balance?colour=red"));
    }

    [Fact]
    public async Task The_clearing_account_is_the_sum_of_its_parts_and_grows_with_what_is_paid_out_of_it()
    {
        foreach (var account in new[] { "ACC-A", "ACC-B", "ACC-C" })
        {
            await Settlement.CompleteAsync(fixture.Database, await fixture.Client.PayAsync(account, 10, "CHF"));
        }

        var balance = await fixture.Client.GetJsonAsync("/accounts/clearing/balance?currency=CHF");

        Assert.Equal("30.00", balance.GetProperty("balance").GetRawText());
        Assert.Equal(3, balance.GetProperty("version").GetInt64());
        Assert.Equal((422, "account_divided"), await RefusalAsync("../api/v1/accounts/clearing/ledger?currency=CHF"));
        var part = await fixture.Database.ScalarAsync<string>(
            "SELECT name FROM accounts WHERE name LIKE 'clearing/%' AND currency = 'CHF' AND position > 0 LIMIT 1");
        var entries = await fixture.Client.GetJsonAsync(
            $"/api/v1/accounts/{Uri.EscapeDataString(part)}/ledger?currency=CHF");
        Assert.Equal("debit", entries.GetProperty("data")[0].GetProperty("direction").GetString());
    }

    [Fact]
    public async Task The_ledger_lists_entries_newest_first_with_the_balance_after_each()
    {
        for (var i = 1; i <= 5; i++)
        {
            await Settlement.CompleteAsync(fixture.Database, await fixture.Client.PayAsync("ACC-LEDGER", i));
        }

        var first = await fixture.Client.GetJsonAsync(Ledger + "?limit=3");
        var data = first.GetProperty("data").EnumerateArray().ToList();
        var last = data[^1].GetProperty("id").GetString();
        var second = await fixture.Client.GetJsonAsync(Ledger + $"?limit=3&starting_after={last}");
        var back = await fixture.Client.GetJsonAsync(Ledger + $"?limit=2&ending_before={last}");

        Assert.Equal(["5.00 15.00", "4.00 10.00", "3.00 6.00"], data.Select(Shown), StringComparer.Ordinal);
        Assert.True(first.GetProperty("has_more").GetBoolean());
        Assert.Equal(["2.00 3.00", "1.00 1.00"],
            second.GetProperty("data").EnumerateArray().Select(Shown), StringComparer.Ordinal);
        Assert.False(second.GetProperty("has_more").GetBoolean());
        Assert.Equal(["5.00 15.00", "4.00 10.00"],
            back.GetProperty("data").EnumerateArray().Select(Shown), StringComparer.Ordinal);
        Assert.Equal((400, "invalid_cursor"), await RefusalAsync(".." + Ledger + "?starting_after=1-999"));
        Assert.Equal((400, "invalid_cursor"), await RefusalAsync(".." + Ledger + "?starting_after=x"));
        Assert.Equal((404, "account_not_found"), await RefusalAsync("../api/v1/accounts/nobody/ledger"));
    }

    private static string Shown(JsonElement entry) =>
        $"{entry.GetProperty("amount").GetRawText()} {entry.GetProperty("balanceAfter").GetRawText()}";

    private async Task<string?> CurrencyAsync(string address) =>
        (await fixture.Client.GetJsonAsync("/accounts/" + address)).GetProperty("currency").GetString();

    private async Task<(int Status, string Code)> RefusalAsync(string address)
    {
        using var response = await fixture.Client.GetAsync(
            "/accounts/" + address, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, await response.CodeAsync());
    }
}
