using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Payments.Web.Tests;

public sealed class PaymentsApiTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_payment_by_its_id_is_read_whole()
    {
        var api = new FakeApi().Answers("/payments/" + Answers.PaymentId, Answers.SettledDetails);

        var (payment, problem) = await api.Client().GetPaymentAsync(Guid.Parse(Answers.PaymentId), Cancel);

        Assert.Null(problem);
        Assert.Equal(250.13m, payment!.Amount);
        Assert.Equal(new Job("completed", 2, "worker-a", At("10:00:01.5")), payment.Job);
        Assert.Equal(
            new ReconciliationResult(
                false, "completed_with_discrepancy", At("10:00:01.6"), 250.13m, 250.00m, 0.13m, "minor_part_13"),
            payment.Reconciliation);
        Assert.Equal(["debit", "credit"], payment.LedgerEntries!.Select(entry => entry.Direction));
        Assert.Equal(-250.13m, payment.LedgerEntries![0].BalanceAfter);
    }

    [Fact]
    public async Task Amounts_are_read_as_decimals_with_every_digit()
    {
        var api = new FakeApi().Answers(
            "/payments", Answers.ListOf(Answers.Payment(amount: "9223372036854.775807", currency: "USDC")));

        var (list, _) = await api.Client().ListPaymentsAsync(null, null, new(), 25, Cancel);

        Assert.Equal(9223372036854.775807m, Assert.Single(list!.Data).Amount);
    }

    [Fact]
    public async Task Filters_and_cursors_reach_the_api_and_empty_ones_do_not()
    {
        var api = new FakeApi().Answers("/payments", Answers.EmptyList);

        await api.Client().ListPaymentsAsync("a:b@c", "", new(After: "x"), 25, Cancel);

        Assert.True(api.Received.TryDequeue(out var received));
        Assert.Equal(
            "/payments?accountId=a%3Ab%40c&limit=25&starting_after=x", received.Request.RequestUri!.PathAndQuery);
    }

    [Fact]
    public async Task A_balance_and_a_history_are_read()
    {
        var api = new FakeApi()
            .Answers("/accounts/ACC-001/balance", Answers.Balance)
            .Answers("/api/v1/accounts/ACC-001/ledger", Answers.Entries);

        var (balance, _) = await api.Client().GetBalanceAsync("ACC-001", null, Cancel);
        var (entries, _) = await api.Client().ListEntriesAsync("ACC-001", "USD", new(), 25, Cancel);

        Assert.Equal(
            new Balance(
                "ACC-001", 1234567.10m, 5.00m, 1234562.10m, "USD", 7, At("10:00:00.5"), 0m, 5.00m,
                Posted: 1234567.10m),
            balance);
        Assert.True(entries!.HasMore);
        Assert.Equal(("12-7", "payment", 7L), entries.Data.Select(e => (e.Id, e.Kind, e.Position)).Single());
    }

    [Fact]
    public async Task A_creation_carries_its_key_and_an_exact_amount()
    {
        var api = new FakeApi().Creates(Answers.Payment());
        var key = Guid.Parse("019a0000-0000-7000-8000-00000000000a");

        var (created, _) = await api.Client().CreatePaymentAsync(new("ACC-001", 250.10m, "USD", null), key, Cancel);

        Assert.True(api.Received.TryDequeue(out var received));
        Assert.Equal($"\"{key}\"", received.Request.Headers.GetValues("Idempotency-Key").Single());
        Assert.Contains("\"amount\":250.10", received.Body, StringComparison.Ordinal);
        Assert.False(created!.Replayed);
    }

    [Fact]
    public async Task A_refusal_is_a_problem_with_its_fields_and_its_trace()
    {
        var api = new FakeApi().Answers(
            "/payments",
            """
            {"type":"https://example.test/invalid","title":"Invalid","status":422,"detail":"The amount is wrong.",
             "code":"invalid_payment","traceId":"4bf92f3577b34da6a3ce929d0e0e4736",
             "errors":[{"detail":"USD has at most 2 decimals.","pointer":"#/amount","code":"too_many_decimals"}]}
            """,
            HttpStatusCode.UnprocessableEntity);

        var (_, problem) = await api.Client().CreatePaymentAsync(
            new("ACC-001", 1.234m, "USD", null), Guid.Empty, Cancel);

        Assert.Equal(("The amount is wrong.", "invalid_payment"), (problem!.Message, problem.Code));
        Assert.Equal(Answers.TraceId, problem.TraceId);
        Assert.Equal("USD has at most 2 decimals.", problem.ErrorOf("amount"));
        Assert.Null(problem.ErrorOf("accountId"));
        Assert.False(problem.IsOutcomeUnknown);
    }

    [Fact]
    public async Task No_answer_is_a_problem_whose_outcome_is_unknown()
    {
        var api = new FakeApi().IsUnreachableAt("/payments");

        var (_, problem) = await api.Client().CreatePaymentAsync(new("A", 1m, "USD", null), Guid.Empty, Cancel);

        Assert.Equal("unreachable", problem!.Code);
        Assert.True(problem.IsOutcomeUnknown);
    }

    [Fact]
    public async Task A_call_that_takes_too_long_is_given_up_and_the_reconciliation_of_an_account_is_waited_for()
    {
        var api = new FakeApi();
        api.HoldsBack("/payments");
        var reconciled = api.HoldsBack("/api/v1/accounts/ACC-001/reconcile");
        var client = api.Client(TimeSpan.FromMilliseconds(50));

        var reconciling = client.ReconcileAsync("ACC-001", "USD", 10, Cancel);
        var (_, problem) = await client.ListPaymentsAsync(null, null, new(), 25, Cancel);

        Assert.Equal("unreachable", problem!.Code);
        Assert.False(reconciling.IsCompleted);
        reconciled("""{"title":"None","status":200,"detail":"Not a report."}""");
        Assert.Equal("unreadable_answer", (await reconciling).Problem!.Code);
    }

    [Fact]
    public async Task A_file_that_does_not_begin_is_given_up_as_a_call_that_failed()
    {
        var api = new FakeApi();
        api.HoldsBack("/api/v1/accounts/ACC-001/statement");

        var (_, problem) = await api.Client(TimeSpan.FromMilliseconds(50))
            .DownloadStatementAsync("ACC-001", "USD", null, null, Cancel);

        Assert.Equal("unreachable", problem!.Code);
    }

    [Fact]
    public void The_screens_give_up_after_ten_seconds_and_not_by_the_clock_of_their_client()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddPaymentsApi(new ConfigurationBuilder().Build());
        using var provider = services.BuildServiceProvider();
        using var client = provider.GetRequiredService<IHttpClientFactory>().CreateClient(ApiAccess.ClientName);

        Assert.Equal(Timeout.InfiniteTimeSpan, client.Timeout);
        Assert.Equal(
            TimeSpan.FromSeconds(10),
            ApiAccess.Over(client, provider.GetRequiredService<ILogger<PaymentsApi>>()).Patience);
    }

    [Fact]
    public async Task An_answer_that_lost_a_member_is_refused_and_never_read_as_zero()
    {
        var api = new FakeApi().Answers(
            "/accounts/ACC-001/balance",
            """{"accountId":"ACC-001","currency":"USD","version":7,"asOf":"2026-03-01T10:00:00Z"}""");

        var (balance, problem) = await api.Client().GetBalanceAsync("ACC-001", null, Cancel);

        Assert.Null(balance);
        Assert.Equal("unreadable_answer", problem!.Code);
    }

    private static DateTimeOffset At(string time) => DateTimeOffset.Parse(
        "2026-03-01T" + time + "Z", System.Globalization.CultureInfo.InvariantCulture);
}
