namespace Payments.Api.Tests.Refunds;

/// <summary>What is shown of payments and accounts while their refunds wait, and after they were settled.</summary>
public sealed class RefundedPaymentTests : IAsyncLifetime
{
    private readonly ApiFixture _fixture = new();
    private SettlingWorker _worker = null!;

    private HttpClient Client => _fixture.Client;

    public async ValueTask InitializeAsync()
    {
        await _fixture.InitializeAsync();
        _worker = SettlingWorker.Start(_fixture.Database);
    }

    public async ValueTask DisposeAsync()
    {
        await _worker.DisposeAsync();
        await _fixture.DisposeAsync();
    }

    [Fact]
    public async Task A_payment_is_partially_refunded_and_then_refunded_with_its_refunds_and_their_entries()
    {
        var payment = await PayAsync("BACK-ONE", 100.13m);

        await RefundAsync(payment, RefundRequests.Part);
        var partly = await Client.GetJsonAsync($"/payments/{payment}");
        await RefundAsync(payment, null);
        var wholly = await Client.GetJsonAsync($"/payments/{payment}");

        Assert.Equal(("partially_refunded", "40.00"), ViewOf(partly));
        Assert.Equal(("refunded", "100.13"), ViewOf(wholly));
        Assert.Equal("0.13", wholly.GetProperty("discrepancy").GetRawText());
        Assert.Equal(2, wholly.GetProperty("ledgerEntries").GetArrayLength());
        Assert.Equal(
            ["60.13 succeeded", "40.00 succeeded"],
            wholly.GetProperty("refunds").EnumerateArray().Select(refund =>
                $"{refund.GetProperty("amount").GetRawText()} {refund.GetProperty("status").GetString()}"));
        var entries = await Client.GetJsonAsync("/api/v1/accounts/BACK-ONE/ledger");
        Assert.Equal(
            ["refund debit 60.13 0.00", "refund debit 40.00 60.13", "payment credit 100.13 100.13"],
            entries.GetProperty("data").EnumerateArray().Select(entry => string.Join(
                ' ', entry.GetProperty("kind").GetString(), entry.GetProperty("direction").GetString(),
                entry.GetProperty("amount").GetRawText(), entry.GetProperty("balanceAfter").GetRawText())));
        await Books.ShouldBeRightAsync(_fixture.Database);
    }

    [Fact]
    public async Task What_is_reserved_is_not_available_but_not_refunded_either_until_the_worker_has_posted_it()
    {
        var payment = await PayAsync("BACK-WAIT", 100);
        await _worker.DisposeAsync();

        using var _ = await Client.RefundAsync(payment, RefundRequests.Part);
        var waiting = await Client.GetJsonAsync($"/payments/{payment}");
        var balance = await Client.GetJsonAsync("/accounts/BACK-WAIT/balance");

        Assert.Equal(("completed", "0.00"), ViewOf(waiting));
        Assert.Equal("pending", waiting.GetProperty("refunds")[0].GetProperty("status").GetString());
        Assert.Equal(
            ("100.00", "60.00", "0.00"),
            (balance.GetProperty("balance").GetRawText(), balance.GetProperty("available").GetRawText(),
                balance.GetProperty("pending").GetRawText()));
    }

    [Fact]
    public async Task A_refund_that_the_account_cannot_give_back_fails_with_its_reason_and_can_be_made_again()
    {
        var payment = await PayAsync("BACK-POOR", 100);
        await _fixture.Database.ExecuteAsync("UPDATE accounts SET minimum_balance = 10000 WHERE name = 'BACK-POOR'");

        var failed = await RefundAsync(payment, null);
        var unchanged = await Client.GetJsonAsync($"/payments/{payment}");
        await _fixture.Database.ExecuteAsync("UPDATE accounts SET minimum_balance = 0 WHERE name = 'BACK-POOR'");
        var again = await RefundAsync(payment, null);

        Assert.Equal(
            ("failed", "insufficient_funds", "succeeded"),
            (failed.GetProperty("status").GetString(), failed.GetProperty("failureReason").GetString(),
                again.GetProperty("status").GetString()));
        Assert.Equal(("completed", "0.00"), ViewOf(unchanged));
        await Books.ShouldBeRightAsync(_fixture.Database);
    }

    [Fact]
    public async Task Lists_show_the_view_and_are_filtered_by_it()
    {
        var untouched = await PayAsync("BACK-LIST", 10);
        var partly = await PayAsync("BACK-LIST", 10);
        var wholly = await PayAsync("BACK-LIST", 10);
        var odd = await PayAsync("BACK-LIST", 1.13m);
        await RefundAsync(partly, """{"amount":1}""");
        await RefundAsync(wholly, null);
        await RefundAsync(odd, null);

        foreach (var filter in new[] { "", "&accountId=BACK-LIST" })
        {
            Assert.Equal([untouched], await ListAsync("completed" + filter));
            Assert.Equal([partly], await ListAsync("partially_refunded" + filter));
            Assert.Equal([odd, wholly], await ListAsync("refunded" + filter));
            Assert.Empty(await ListAsync("completed_with_discrepancy" + filter));
        }

        Assert.Empty(await ListAsync("refunded&accountId=NOBODY"));
        Assert.Equal([wholly], await ListAsync($"refunded&starting_after={odd}"));
    }

    private static (string? Status, string Refunded) ViewOf(JsonElement payment) =>
        (payment.GetProperty("status").GetString(), payment.GetProperty("refundedAmount").GetRawText());

    private async Task<List<Guid>> ListAsync(string status) =>
        [.. (await Client.GetJsonAsync("/payments?status=" + status)).GetProperty("data").EnumerateArray()
            .Select(payment => payment.GetProperty("id").GetGuid())];

    private async Task<Guid> PayAsync(string account, decimal amount)
    {
        var payment = await Client.PayAsync(account, amount);
        await _worker.SettleAllAsync();
        return payment;
    }

    private async Task<JsonElement> RefundAsync(Guid payment, string? body)
    {
        using var response = await Client.RefundAsync(payment, body);
        Assert.Equal(201, (int)response.StatusCode);
        await _worker.SettleAllAsync();
        return await Client.GetJsonAsync($"/refunds/{(await response.ReadAsync()).GetProperty("id").GetString()}");
    }
}
