using Payments.Api.Tests.Refunds;

namespace Payments.Api.Tests.Flows;

public sealed class WithdrawalTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Path = FlowRequests.Withdrawals;

    private HttpClient Client => fixture.Client;

    [Fact]
    public async Task A_withdrawal_is_taken_at_once_and_leaves_the_books_when_it_is_completed()
    {
        await fixture.FundAsync("WD-1", 100);
        var reserved = await Client.RecordedAsync(Path, "WD-1", 30);
        var id = reserved.GetProperty("id").GetGuid();
        Assert.Equal(
            ("reserved", JsonValueKind.Null),
            (reserved.GetProperty("status").GetString(), reserved.GetProperty("closingTransactionId").ValueKind));
        Assert.Equal(["WD-1 -3000 USD", "withdrawals_pending 3000 USD"], await fixture.Database.EntriesAsync(id));
        Assert.Equal(70, await Client.BalanceAsync("WD-1"));
        Assert.Equal(70, await Client.BalanceAsync("WD-1", member: "available"));

        using var completed = await Client.CompleteAsync(Path, id);

        var closing = (await completed.ReadAsync()).GetProperty("closingTransactionId").GetGuid();
        Assert.Equal(
            ["withdrawals_pending -3000 USD", "fiat_exposure 3000 USD"], await fixture.Database.EntriesAsync(closing));
        Assert.Equal(70, await Client.BalanceAsync("WD-1"));
        await Books.ShouldBeRightAsync(fixture.Database);
    }

    [Fact]
    public async Task A_failed_withdrawal_is_given_back_by_a_reversal_of_its_reservation()
    {
        await fixture.FundAsync("WD-BACK", 50);
        var id = (await Client.RecordedAsync(Path, "WD-BACK", 50)).GetProperty("id").GetGuid();

        using var failed = await Client.FailAsync(Path, id, "the bank refused it");

        var withdrawal = await failed.ReadAsync();
        var closing = withdrawal.GetProperty("closingTransactionId").GetGuid();
        Assert.Equal("the bank refused it", withdrawal.GetProperty("failureReason").GetString());
        Assert.Equal(
            ["withdrawals_pending -5000 USD", "WD-BACK 5000 USD"], await fixture.Database.EntriesAsync(closing));
        Assert.Equal(
            ("reversal", id),
            (await fixture.Database.QueryAsync<(string, Guid)>(
                "SELECT kind, corrects FROM ledger_transactions WHERE id = @closing", new { closing })).Single());
        Assert.Equal(50, await Client.BalanceAsync("WD-BACK"));
        await Books.ShouldBeRightAsync(fixture.Database);
    }

    [Fact]
    public async Task No_more_is_taken_than_the_account_has_and_a_refusal_leaves_nothing_behind()
    {
        await fixture.FundAsync("WD-LITTLE", 10);
        var key = PaymentRequests.NewKey();
        const string TooMuch = """{"accountId":"WD-LITTLE","amount":10.01,"reference":"wd-little"}""";

        Assert.Equal((422, "insufficient_funds"), await Client.RecordAsync(Path, TooMuch, key).RefusalAsync());
        Assert.Equal(
            0L,
            await fixture.Database.ScalarAsync<long>(
                "SELECT count(*) FROM withdrawals WHERE account_name = 'WD-LITTLE'"));

        await fixture.FundAsync("WD-LITTLE", 0.01m);
        using var retried = await Client.RecordAsync(Path, TooMuch, key);
        Assert.Equal(201, (int)retried.StatusCode);
        Assert.Equal(0, await Client.BalanceAsync("WD-LITTLE"));
    }

    [Fact]
    public async Task What_queued_transfers_and_refunds_will_take_is_not_free()
    {
        await fixture.FundAsync("WD-PROMISED", 100);
        await Client.TransferAsync("WD-PROMISED", "WD-OTHER", 60);
        Assert.Equal(
            (422, "insufficient_funds"),
            await Client.RecordAsync(Path, """{"accountId":"WD-PROMISED","amount":40.01}""").RefusalAsync());

        var paid = await fixture.PaidAsync("WD-REFUNDS", 100);
        using var refund = await Client.RefundAsync(paid, """{"amount":75}""");
        Assert.Equal(201, (int)refund.StatusCode);
        Assert.Equal(
            (422, "insufficient_funds"),
            await Client.RecordAsync(Path, """{"accountId":"WD-REFUNDS","amount":25.01}""").RefusalAsync());
        await Client.RecordedAsync(Path, "WD-PROMISED", 40);
        await Client.RecordedAsync(Path, "WD-REFUNDS", 25);
    }

    [Fact]
    public async Task What_is_promised_may_be_more_than_any_balance()
    {
        await fixture.FundAsync("WD-VAST", 100);
        await fixture.Database.ExecuteAsync(
            """
            INSERT INTO recon_jobs (id, payment_id, amount, division, kind, currency, payee_account, payer_account)
            SELECT gen_random_uuid(), gen_random_uuid(), 1e15, 0, 'transfer', 'USD', 'WD-OTHER', 'WD-VAST'
            FROM generate_series(1, 10000) AS i
            """);

        Assert.Equal(
            (422, "insufficient_funds"),
            await Client.RecordAsync(Path, """{"accountId":"WD-VAST","amount":1}""").RefusalAsync());
        await fixture.Database.ExecuteAsync("DELETE FROM recon_jobs WHERE payer_account = 'WD-VAST'");
    }

    [Theory]
    [InlineData("20", "79.99", "80.01")]
    [InlineData("-50", "150", "150.01")]
    public async Task A_minimum_balance_is_kept(string minimum, string allowed, string refused)
    {
        var account = "WD-MIN" + minimum;
        using var opened = await Client.PostJsonAsync(
            "/accounts", $$"""{"accountId":"{{account}}","minimumBalance":{{minimum}}}""");
        await fixture.FundAsync(account, 100);

        Assert.Equal(
            (422, "insufficient_funds"),
            await Client.RecordAsync(Path, $$"""{"accountId":"{{account}}","amount":{{refused}}}""").RefusalAsync());
        using var taken = await Client.RecordAsync(Path, $$"""{"accountId":"{{account}}","amount":{{allowed}}}""");
        Assert.Equal(201, (int)taken.StatusCode);
    }

    [Fact]
    public async Task Twenty_withdrawals_at_once_never_take_more_than_there_is()
    {
        await fixture.FundAsync("WD-RACE", 70);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ =>
            Client.RecordAsync(Path, """{"accountId":"WD-RACE","amount":10}""")));

        Assert.Equal(7, answers.Count(answer => (int)answer.StatusCode == 201));
        Assert.Equal(13, answers.Count(answer => (int)answer.StatusCode == 422));
        Assert.Equal(0, await Client.BalanceAsync("WD-RACE"));
        await Books.ShouldBeRightAsync(fixture.Database);
    }

    [Fact]
    public async Task Of_completing_and_failing_at_once_one_closes_it()
    {
        await fixture.FundAsync("WD-EITHER", 10);
        for (var round = 0; round < 10; round++)
        {
            var id = (await Client.RecordedAsync(Path, "WD-EITHER", 1)).GetProperty("id").GetGuid();

            var answers = await Task.WhenAll(
                Client.CompleteAsync(Path, id), Client.FailAsync(Path, id), Client.CompleteAsync(Path, id));

            Assert.Contains(answers.Select(answer => (int)answer.StatusCode), status => status == 409);
            Assert.Contains(answers.Select(answer => (int)answer.StatusCode), status => status == 200);
        }

        await Books.ShouldBeRightAsync(fixture.Database);
    }

    [Fact]
    public async Task An_account_that_does_not_exist_is_404_and_a_system_account_is_refused()
    {
        Assert.Equal(
            (404, "account_not_found"),
            await Client.RecordAsync(Path, """{"accountId":"WD-NOBODY","amount":1}""").RefusalAsync());
        Assert.Equal(
            (422, "unprocessable"),
            await Client.RecordAsync(Path, """{"accountId":"withdrawals_pending","amount":1}""").RefusalAsync());
        Assert.Equal(
            (422, "unprocessable"),
            await Client.RecordAsync(Path, """{"accountId":"A","amount":1,"currency":"USDC"}""").RefusalAsync());
    }

    [Fact]
    public async Task System_accounts_are_marked_so_and_shown_on_their_own_side()
    {
        await Client.DepositedAsync("WD-SIDES", 9);
        await fixture.FundAsync("WD-SIDES", 5);
        await Client.RecordedAsync(Path, "WD-SIDES", 2);

        Assert.Equal(
            [("usdc_buffer", "debit", true), ("withdrawals_pending", "credit", true)],
            await fixture.Database.QueryAsync<(string, string, bool)>(
                """
                SELECT name, normal_balance, system FROM accounts
                WHERE name IN ('usdc_buffer', 'withdrawals_pending') ORDER BY name
                """));
        Assert.True(await Client.BalanceAsync("usdc_buffer", "USDC") >= 9);
        Assert.True(await Client.BalanceAsync("withdrawals_pending") >= 2);
    }
}
