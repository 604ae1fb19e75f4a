using Payments.Api.Tests.Refunds;

namespace Payments.Api.Tests.Payments;

public sealed class CancelPaymentTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    [Fact]
    public async Task A_queued_payment_is_cancelled_with_its_job_and_never_settled()
    {
        var payment = await fixture.Client.PayAsync("STOP-ONE", 100);

        using var response = await CancelAsync(payment);

        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal("cancelled", (await response.ReadAsync()).GetProperty("status").GetString());
        await using (var worker = RunningWorker.Start(fixture.Database))
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
    public async Task A_payment_whose_settlement_has_begun_is_not_cancelled_until_it_is_handed_back()
    {
        var payment = await fixture.Client.PayAsync("STOP-LATE", 100);
        await SetJobAsync(payment, "processing");

        Assert.Equal((409, "payment_not_cancellable"), await CancelAsync(payment, "late").RefusalAsync());

        // The first refusal was not final, so the same request may be made again.
        await SetJobAsync(payment, "pending");
        using var again = await CancelAsync(payment, "late");
        Assert.Equal((200, false), ((int)again.StatusCode, again.Headers.Contains("Idempotent-Replayed")));
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
    public async Task An_unknown_payment_is_404_and_a_request_without_a_key_400()
    {
        Assert.Equal((404, "payment_not_found"), await CancelAsync(Guid.Empty).RefusalAsync());
        Assert.Equal(
            (400, "idempotency_key_missing"),
            await fixture.Client.PostAsync($"/payments/{Guid.Empty}/cancel", null, null).RefusalAsync());
    }

    [Fact]
    public async Task A_worker_and_many_who_cancel_race_and_each_payment_ends_in_one_way()
    {
        var payments = new List<Guid>();
        for (var i = 0; i < 40; i++)
        {
            payments.Add(await fixture.Client.PayAsync($"STOP-RACE-{i % 7}", 100));
        }

        await using var worker = RunningWorker.Start(fixture.Database);
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
        fixture.Client.PostAsync($"/payments/{payment}/cancel", body: null, key ?? PaymentRequests.NewKey());

    private Task<int> SetJobAsync(Guid payment, string status) => fixture.Database.ExecuteAsync(
        "UPDATE recon_jobs SET status = @status WHERE id = @payment", new { payment, status });
}
