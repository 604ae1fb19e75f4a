using Payments.Testing;

namespace Recon.Worker.Tests.Settlements;

public sealed class SettleJobsTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_payment_is_credited_to_its_account_and_debited_to_clearing()
    {
        var payment = new QueuedPayment("ACC-ONE", 100_00);
        await SettleAsync(payment);

        var entries = await database.QueryAsync<(string Account, long Amount, long BalanceAfter, long Position)>("""
            SELECT a.name, e.amount, e.balance_after, e.position
            FROM ledger_entries AS e JOIN accounts AS a ON a.id = e.account_id
            WHERE e.transaction_id = @Id ORDER BY e.amount
            """, payment);

        Assert.Equal(2, entries.Count);
        Assert.StartsWith("clearing/", entries[0].Account, StringComparison.Ordinal);
        Assert.Equal(-100_00, entries[0].Amount);
        Assert.Equal(("ACC-ONE", 100_00L, 100_00L, 1L), entries[1]);
        await Books.ShouldBeRightAsync(database);
    }

    [Theory]
    [InlineData(100_00, "completed", null, null)]
    [InlineData(250_13, "completed_with_discrepancy", 13L, null)]
    [InlineData(0, "failed", null, "zero_amount")]
    [InlineData(-50_00, "failed", null, "negative_amount")]
    public async Task The_payment_says_what_the_rules_decided(
        long amount, string status, long? discrepancy, string? reason)
    {
        var payment = new QueuedPayment("ACC-RULES", amount);
        await SettleAsync(payment);

        var row = Assert.Single(await database.QueryAsync<(string, long?, string?, bool)>(
            "SELECT status, discrepancy, failure_reason, settled_at IS NOT NULL FROM payments WHERE id = @Id",
            payment));

        Assert.Equal((status, discrepancy, reason, true), row);
        await Books.ShouldBeRightAsync(database);
    }

    [Fact]
    public async Task A_failed_payment_opens_its_account_at_zero_and_posts_nothing()
    {
        await SettleAsync(new QueuedPayment("ACC-NEVER", -1));

        Assert.Equal((0L, 0L), Assert.Single(await database.QueryAsync<(long, long)>(
            "SELECT balance, position FROM accounts WHERE name = 'ACC-NEVER'")));
    }

    [Fact]
    public async Task The_same_name_in_two_currencies_is_two_accounts()
    {
        await SettleAsync(new QueuedPayment("ACC-TWO", 500), new QueuedPayment("ACC-TWO", 7, "JPY"));

        Assert.Equal([("JPY", 7L), ("USD", 500L)], await database.QueryAsync<(string, long)>(
            "SELECT currency, balance FROM accounts WHERE name = 'ACC-TWO' ORDER BY currency"));
    }

    [Fact]
    public async Task Entries_of_an_account_stand_in_the_order_in_which_the_payments_were_queued()
    {
        var payments = Enumerable.Range(1, 200).Select(i => new QueuedPayment("ACC-ORDER", i)).ToArray();
        await database.QueueAsync(payments);
        await using var worker = new TestWorker(database, options => options.BatchSize = 7);
        await worker.SettleAllAsync(Cancel);

        Assert.Equal(
            Enumerable.Range(1, 200).Select(i => (long)i), await database.PostedAmountsAsync("ACC-ORDER"));
    }

    [Fact]
    public async Task A_transfer_that_would_break_the_minimum_balance_fails_and_those_after_it_do_not()
    {
        await SettleAsync(new QueuedPayment("ACC-MIN", 100));
        await database.ExecuteAsync("UPDATE accounts SET minimum_balance = 0 WHERE name = 'ACC-MIN'");
        var tooMuch = new QueuedPayment("ACC-MIN-TO", 101, Payer: "ACC-MIN");
        var exactly = new QueuedPayment("ACC-MIN-TO", 100, Payer: "ACC-MIN");
        var oneMore = new QueuedPayment("ACC-MIN-TO", 1, Payer: "ACC-MIN");
        await SettleAsync(tooMuch, exactly, oneMore);

        var ends = await database.QueryAsync<string>("""
            SELECT concat(status, ' ', failure_reason) FROM payments
            WHERE id = ANY (@ids)
            ORDER BY array_position(@ids, id)
            """, new { ids = new[] { tooMuch.Id, exactly.Id, oneMore.Id } });
        Assert.Equal(["failed insufficient_funds", "completed ", "failed insufficient_funds"], ends);
        await Books.ShouldBeRightAsync(database);
    }

    // The payer's row is shared by all divisions: without its lock the workers would collide, and be charged for it.
    [Fact]
    public async Task Workers_racing_to_take_from_one_account_queue_for_its_row_and_none_of_them_fails()
    {
        var transfers = Enumerable.Range(1, 600)
            .Select(i => new QueuedPayment($"ACC-SPOKE-{i % 40}", i, Payer: "ACC-HUB")).ToList();
        await database.QueueAsync(transfers);

        await TestWorker.RaceAsync(database, workers: 4, batchSizeOf: _ => 5, Cancel);

        Assert.Equal(-transfers.Sum(transfer => transfer.Amount), await database.ScalarAsync<long>(
            "SELECT balance FROM accounts WHERE name = 'ACC-HUB'"));
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM recon_jobs WHERE failures > 0"));
        await Books.ShouldBeRightAsync(database);
    }

    private async Task SettleAsync(params QueuedPayment[] payments)
    {
        await database.QueueAsync(payments);
        await using var worker = new TestWorker(database);
        await worker.SettleAllAsync(Cancel);
    }
}
