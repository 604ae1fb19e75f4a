using Npgsql;
using Payments.Api.Tests.Refunds;

namespace Payments.Api.Tests.Payments;

public sealed class CancelPaymentTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    [Fact]
    public async Task A_queued_payment_is_cancelled_with_its_job_and_never_settled()
    {
        await Settlement.CompleteAsync(fixture.Database, await fixture.Client.PayAsync("STOP-ONE", 1));
        var payment = await fixture.Client.PayAsync("STOP-ONE", 100);

        using var response = await CancelAsync(payment);

        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal("cancelled", (await response.ReadAsync()).GetProperty("status").GetString());
        var balance = await fixture.Client.GetJsonAsync("/accounts/STOP-ONE/balance");
        Assert.Equal("0.00", balance.GetProperty("pending").GetRawText());
        await using (var worker = SettlingWorker.Start(fixture.Database))
        {
            await worker.SettleAllAsync();
        }

        var shown = await fixture.Client.GetJsonAsync($"/payments/{payment}");
        Assert.Equal("cancelled", shown.GetProperty("status").GetString());
        Assert.Equal("cancelled", shown.GetProperty("job").GetProperty("status").GetString());
        Assert.Equal(0, shown.GetProperty("ledgerEntries").GetArrayLength());
        await Books.ShouldBeRightAsync(fixture.Database);
    }

    [Fact]
    public async Task A_transfer_is_cancelled_at_its_own_address_and_has_failed_for_who_polls_it()
    {
        var (id, key) = await fixture.Client.TransferAsync("STOP-FROM", "STOP-TO", 5);

        using var response = await CancelAtAsync($"/api/v1/transactions/{id}", "own-address");
        using var again = await CancelAtAsync($"/api/v1/transactions/{id}", "own-address");

        var cancelled = await response.ReadAsync();
        Assert.Equal(
            ("cancelled", "STOP-FROM"),
            (cancelled.GetProperty("status").GetString(), cancelled.GetProperty("source_account_id").GetString()));
        Assert.Equal(cancelled.GetRawText(), (await again.ReadAsync()).GetRawText());
        Assert.Equal("true", Assert.Single(again.Headers.GetValues("Idempotent-Replayed")));
        var status = await fixture.Client.GetJsonAsync("/api/v1/transactions/status/" + key);
        Assert.Equal("FAILED", status.GetProperty("status").GetString());
        Assert.Equal("cancelled", status.GetProperty("result").GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_transfer_is_cancelled_as_the_payment_that_it_is()
    {
        var (id, _) = await fixture.Client.TransferAsync("STOP-FROM", "STOP-TO", 5);

        using var response = await CancelAsync(id);

        Assert.Equal("STOP-FROM", (await response.ReadAsync()).GetProperty("payerAccountId").GetString());
    }

    [Fact]
    public async Task A_payment_whose_settlement_has_begun_is_not_cancelled_until_it_is_handed_back()
    {
        var payment = await fixture.Client.PayAsync("STOP-LATE", 100);
        await SetJobAsync(payment, "processing");

        using var refused = await CancelAsync(payment, "late");
        Assert.Equal((409, "payment_not_cancellable"), ((int)refused.StatusCode, await refused.CodeAsync()));
        Assert.Contains(
            "claimed", (await refused.ReadAsync()).GetProperty("detail").GetString(), StringComparison.Ordinal);

        // The first refusal was not final, so the same request may be made again.
        await SetJobAsync(payment, "pending");
        using var again = await CancelAsync(payment, "late");
        Assert.Equal((200, false), ((int)again.StatusCode, again.Headers.Contains("Idempotent-Replayed")));
    }

    [Fact]
    public async Task A_dead_letter_is_not_cancelled()
    {
        var payment = await fixture.Client.PayAsync("STOP-DEAD", 100);
        await fixture.Database.BuryAsync("no room", payment);

        using var refused = await CancelAsync(payment);

        Assert.Equal((409, "payment_not_cancellable"), ((int)refused.StatusCode, await refused.CodeAsync()));
        Assert.Contains(
            "dead letter", (await refused.ReadAsync()).GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal("pending", await fixture.Database.ScalarAsync<string>(
            "SELECT status FROM payments WHERE id = @payment", new { payment }));
    }

    [Fact]
    public async Task A_payment_that_has_ended_cannot_be_cancelled_and_this_is_repeated()
    {
        var payment = await fixture.PaidAsync("STOP-ENDED", 100);

        using var first = await CancelAsync(payment, "ended");
        using var again = await CancelAsync(payment, "ended");

        Assert.Equal("payment_not_cancellable", await first.CodeAsync());
        Assert.Equal("true", Assert.Single(again.Headers.GetValues("Idempotent-Replayed")));
        Assert.Equal(409, (int)again.StatusCode);
        Assert.Equal(
            await first.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            await again.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal((409, "payment_not_cancellable"), await CancelAsync(payment, "another key").RefusalAsync());
    }

    [Fact]
    public async Task What_is_unknown_is_404_and_a_request_without_a_key_400()
    {
        Assert.Equal((404, "payment_not_found"), await CancelAsync(Guid.Empty).RefusalAsync());
        Assert.Equal(
            (404, "transaction_not_found"),
            await CancelAtAsync($"/api/v1/transactions/{Guid.Empty}", "nobody").RefusalAsync());
        foreach (var address in new[] { "/payments", "/api/v1/transactions" })
        {
            Assert.Equal(
                (400, "idempotency_key_missing"),
                await fixture.Client.PostAsync($"{address}/{Guid.Empty}/cancel", null, null).RefusalAsync());
        }
    }

    // The claim is made and not committed when the request arrives: the request waits for it, and loses.
    [Fact]
    public async Task A_claim_that_was_first_wins()
    {
        var payment = await fixture.Client.PayAsync("STOP-CLAIMED", 100);
        await using var worker = await fixture.Database.Superuser.OpenConnectionAsync(
            TestContext.Current.CancellationToken);
        await using var claim = await worker.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var take = new NpgsqlCommand(
            "UPDATE recon_jobs SET status = 'processing', locked_by = 'w' WHERE id = $1", worker))
        {
            take.Parameters.Add(new() { Value = payment });
            await take.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var cancelling = CancelAsync(payment);
        await fixture.Database.UntilAsync("""
            SELECT count(*) > 0 FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%taken%'
            """);
        await claim.CommitAsync(TestContext.Current.CancellationToken);
        using var response = await cancelling;

        Assert.Equal(409, (int)response.StatusCode);
    }

    [Fact]
    public async Task A_worker_and_many_who_cancel_race_and_each_payment_ends_in_one_way()
    {
        var payments = new List<Guid>();
        for (var i = 0; i < 40; i++)
        {
            payments.Add(await fixture.Client.PayAsync($"STOP-RACE-{i % 7}", 100));
        }

        await using var worker = SettlingWorker.Start(fixture.Database);
        var answers = await Task.WhenAll(payments.Select(async payment =>
        {
            using var response = await CancelAsync(payment);
            return (payment, (int)response.StatusCode);
        }));
        await worker.SettleAllAsync();

        foreach (var (payment, status) in answers)
        {
            var shown = await fixture.Client.GetJsonAsync($"/payments/{payment}");
            Assert.Equal(status == 200 ? "cancelled" : "completed", shown.GetProperty("status").GetString());
        }

        await Books.ShouldBeRightAsync(fixture.Database);
    }

    private Task<HttpResponseMessage> CancelAsync(Guid payment, string? key = null) =>
        CancelAtAsync($"/payments/{payment}", key ?? PaymentRequests.NewKey());

    private Task<HttpResponseMessage> CancelAtAsync(string address, string key) =>
        fixture.Client.PostAsync(address + "/cancel", body: null, key);

    private Task<int> SetJobAsync(Guid payment, string status) => fixture.Database.ExecuteAsync(
        "UPDATE recon_jobs SET status = @status WHERE id = @payment", new { payment, status });
}
