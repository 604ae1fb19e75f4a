extern alias web;

using Microsoft.Extensions.Logging.Abstractions;
using web::Payments.Web;

namespace Payments.Api.Tests;

/// <summary>The UI keeps records of its own for what the API answers; here it reads the API's real answers.</summary>
public sealed class WebContractTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private PaymentsApi Api => new(fixture.Client, NullLogger<PaymentsApi>.Instance);

    [Fact]
    public async Task The_ui_reads_a_payment_from_its_creation_to_its_entries()
    {
        var key = Guid.CreateVersion7();
        var asked = new NewPayment("ACC-WEB", 250.13m, "USD", "Order 7");
        var created = (await Api.CreatePaymentAsync(asked, key, Cancel)).Value!;
        var again = (await Api.CreatePaymentAsync(asked, key, Cancel)).Value!;
        Assert.Equal((false, true, created.Payment), (created.Replayed, again.Replayed, again.Payment));
        Assert.True(created.Payment.IsPending);

        await Settlement.CompleteAsync(fixture.Database, created.Payment.Id, discrepancy: 13);
        var settled = (await Api.GetPaymentAsync(created.Payment.Id, Cancel)).Value!;

        Assert.Equal("completed_with_discrepancy", settled.Status);
        Assert.Equal((250.13m, 0.13m), (settled.Amount, settled.Discrepancy));
        Assert.Equal((250.13m, 250.00m), (settled.Reconciliation!.ExpectedAmount, settled.Reconciliation.ActualAmount));
        Assert.Equal("completed", settled.Job!.Status);
        Assert.Equal(["debit", "credit"], settled.LedgerEntries!.Select(entry => entry.Direction));
        Assert.NotNull(settled.TimeToSettle);
    }

    [Fact]
    public async Task The_ui_reads_lists_balances_and_entries()
    {
        var id = await fixture.Client.PayAsync("ACC-LISTS", 1_000, "JPY");
        await Settlement.CompleteAsync(fixture.Database, id);
        await fixture.Client.PayAsync("ACC-LISTS", 500, "JPY");

        var payments = (await Api.ListPaymentsAsync("ACC-LISTS", status: null, new Cursor(), 1, Cancel)).Value!;
        var balance = (await Api.GetBalanceAsync("ACC-LISTS", "JPY", Cancel)).Value!;
        var entries = (await Api.ListEntriesAsync("ACC-LISTS", "JPY", new Cursor(), 10, Cancel)).Value!;

        Assert.Equal((500m, true), (payments.Data.Single().Amount, payments.HasMore));
        Assert.Equal((1_000m, 500m, 1L), (balance.Amount, balance.Pending, balance.Version));
        var entry = Assert.Single(entries.Data);
        Assert.Equal((id, 1_000m, 1_000m), (entry.TransactionId, entry.Amount, entry.BalanceAfter));
    }

    [Fact]
    public async Task The_ui_reads_whose_key_it_presents()
    {
        await TestKeys.AddAsync(fixture.Database, "lasting", "lasting-key", expiresIn: "1 hour");
        using var client = fixture.Api.CreateClient("lasting-key");

        var key = (await new PaymentsApi(client, NullLogger<PaymentsApi>.Instance).GetCurrentKeyAsync(Cancel)).Value!;

        Assert.Equal("lasting", key.Owner);
        Assert.True(key.ExpiresAt > TimeProvider.System.GetUtcNow());
    }

    [Fact]
    public async Task The_ui_shows_what_the_api_refuses_beside_the_field()
    {
        var problem = (await Api.CreatePaymentAsync(
            new NewPayment("ACC-WEB", 0.001m, "USD", null), Guid.CreateVersion7(), Cancel)).Problem!;

        Assert.Equal("unprocessable", problem.Code);
        Assert.NotNull(problem.ErrorOf("amount"));
        Assert.NotNull(problem.TraceId);
        Assert.True((await Api.GetBalanceAsync("nobody", null, Cancel)).Problem!.IsNotFound);
    }
}
