using Payments.Testing;
using Recon.Worker.Settlements;

namespace Recon.Worker.Tests.Refunds;

public sealed class SettleRefundTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_refund_posts_the_opposite_entries_linked_to_its_payment()
    {
        var payment = await PaidAsync("GIVE-ONE", 100_00);
        var refund = new QueuedRefund(payment, 40_00);
        await SettleAsync(refund);

        Assert.Equal(
            [("clearing", 40_00L), ("GIVE-ONE", -40_00L)],
            await database.QueryAsync<(string, long)>("""
                SELECT split_part(a.name, '/', 1), e.amount
                FROM ledger_entries AS e JOIN accounts AS a ON a.id = e.account_id
                WHERE e.transaction_id = @Id ORDER BY e.amount DESC
                """, refund));
        Assert.Equal(payment.Id, await database.ScalarAsync<Guid>(
            "SELECT corrects FROM ledger_transactions WHERE id = @Id AND kind = 'refund'", refund));
        Assert.Equal(("succeeded", null, true), await EndOfAsync(refund));
        Assert.Equal(60_00, await BalanceAsync("GIVE-ONE"));
        await Books.ShouldBeRightAsync(database);
    }

    [Fact]
    public async Task A_refund_returns_to_the_clearing_account_that_its_payment_came_from()
    {
        var payment = await PaidAsync("GIVE-CLEARING", 5_00, "SEK");
        await SettleAsync(new QueuedRefund(payment, 5_00));

        Assert.Equal([0L], await database.QueryAsync<long>(
            "SELECT balance FROM accounts WHERE currency = 'SEK' AND name LIKE 'clearing/%'"));
    }

    [Fact]
    public async Task The_refund_of_a_transfer_goes_from_its_payee_to_its_payer()
    {
        var transfer = await PaidAsync("GIVE-PAYEE", 30_00, payer: "GIVE-PAYER");
        await SettleAsync(new QueuedRefund(transfer, 10_00));

        Assert.Equal((-20_00L, 20_00L), (await BalanceAsync("GIVE-PAYER"), await BalanceAsync("GIVE-PAYEE")));
        await Books.ShouldBeRightAsync(database);
    }

    [Fact]
    public async Task A_minor_part_of_13_means_nothing_to_a_refund()
    {
        var payment = await PaidAsync("GIVE-13", 250_13);
        var refund = new QueuedRefund(payment, 250_13);
        await SettleAsync(refund);

        Assert.Equal(("succeeded", null, true), await EndOfAsync(refund));
        Assert.Equal(0, await BalanceAsync("GIVE-13"));
    }

    [Fact]
    public async Task An_account_that_would_fall_below_its_minimum_refuses_and_the_reservation_is_released()
    {
        var payment = await PaidAsync("GIVE-MIN", 100_00);
        await database.ExecuteAsync("UPDATE accounts SET minimum_balance = 5000 WHERE name = 'GIVE-MIN'");
        var tooMuch = new QueuedRefund(payment, 50_01);
        var rest = new QueuedRefund(payment, 49_99);
        await SettleAsync(tooMuch, rest);

        Assert.Equal(("failed", "insufficient_funds", true), await EndOfAsync(tooMuch));
        Assert.Equal(("succeeded", null, true), await EndOfAsync(rest));
        Assert.Equal(49_99, await database.ScalarAsync<long>(
            "SELECT refunded_amount FROM payments WHERE id = @Id", payment));
        Assert.Equal("completed", await database.ScalarAsync<string>(
            "SELECT status FROM recon_jobs WHERE id = @Id", tooMuch));
        await Books.ShouldBeRightAsync(database);
    }

    [Fact]
    public async Task Several_refunds_of_one_payment_that_fail_together_release_all_that_they_had_reserved()
    {
        var payment = await PaidAsync("GIVE-NONE", 100_00);
        await database.ExecuteAsync("UPDATE accounts SET minimum_balance = 10000 WHERE name = 'GIVE-NONE'");
        await SettleAsync([.. Enumerable.Range(1, 4).Select(i => new QueuedRefund(payment, i * 10_00))]);

        Assert.Equal(0, await database.ScalarAsync<long>(
            "SELECT refunded_amount FROM payments WHERE id = @Id", payment));
        await Books.ShouldBeRightAsync(database);
    }

    [Fact]
    public async Task Refunds_and_payments_of_one_account_settle_in_one_batch_in_queue_order()
    {
        var payment = await PaidAsync("GIVE-MIXED", 10);
        await database.QueueAsync(new QueuedPayment("GIVE-MIXED", 1));
        await database.QueueAsync(new QueuedRefund(payment, 2), new QueuedRefund(payment, 3));
        await database.QueueAsync(new QueuedPayment("GIVE-MIXED", 4));
        await using var worker = new TestWorker(database);
        await worker.SettleAllAsync(Cancel);

        Assert.Equal(
            [(10L, 10L), (1L, 11L), (-2L, 9L), (-3L, 6L), (4L, 10L)],
            await database.QueryAsync<(long, long)>("""
                SELECT e.amount, e.balance_after
                FROM ledger_entries AS e JOIN accounts AS a ON a.id = e.account_id
                WHERE a.name = 'GIVE-MIXED' ORDER BY e.position
                """));
        await Books.ShouldBeRightAsync(database);
    }

    // Each pair in two divisions, of which now the one and now the other comes first by number.
    [Fact]
    public async Task A_refund_lives_on_the_transfer_that_arrived_before_it_in_the_batch()
    {
        var refunds = new List<QueuedRefund>();
        for (var i = 0; i < 8; i++)
        {
            var payment = await PaidAsync($"GIVE-EMPTY-{i}", 100);
            await PaidAsync($"GIVE-SPENT-{i}", 100, payer: $"GIVE-EMPTY-{i}");
            await PaidAsync($"GIVE-FULL-{i}", 100);
            refunds.Add(new QueuedRefund(payment, 100));
        }

        await database.ExecuteAsync(
            "UPDATE accounts SET minimum_balance = 0 WHERE name LIKE 'GIVE-EMPTY-%' OR name LIKE 'GIVE-FULL-%'");
        await database.QueueAsync([.. Enumerable.Range(0, 8).Select(i =>
            new QueuedPayment($"GIVE-EMPTY-{i}", 100, Payer: $"GIVE-FULL-{i}") { PayerHasMinimum = true })]);
        await SettleAsync(refunds);

        foreach (var refund in refunds)
        {
            Assert.Equal(("succeeded", null, true), await EndOfAsync(refund));
        }

        await Books.ShouldBeRightAsync(database);
    }

    [Fact]
    public async Task A_refund_that_cannot_be_posted_becomes_a_dead_letter_and_keeps_its_reservation()
    {
        var payment = await PaidAsync("GIVE-DEAD", 100, payer: "GIVE-FULL");
        await database.ExecuteAsync(
            "UPDATE accounts SET balance = 9223372036854775800 WHERE name = 'GIVE-FULL'");
        var poison = new QueuedRefund(payment, 60);
        var neighbour = new QueuedPayment("GIVE-DEAD", 7);
        await database.QueueAsync(poison);
        await database.QueueAsync(neighbour);
        await using var worker = new TestWorker(database, options => options.FailureLimit = 1);

        await worker.SettleAllAsync(Cancel);

        Assert.Equal("dead", await database.ScalarAsync<string>(
            "SELECT status FROM recon_jobs WHERE id = @Id", poison));
        Assert.Equal(("pending", null, false), await EndOfAsync(poison));
        Assert.Equal(60, await database.ScalarAsync<long>(
            "SELECT refunded_amount FROM payments WHERE id = @Id", payment));
        Assert.Equal("completed", await database.ScalarAsync<string>(
            "SELECT status FROM payments WHERE id = @Id", neighbour));
        await database.ExecuteAsync("UPDATE accounts SET balance = -100 WHERE name = 'GIVE-FULL'");
    }

    [Fact]
    public async Task A_job_whose_refund_is_not_pending_becomes_a_dead_letter_and_not_a_posting()
    {
        var payment = await PaidAsync("GIVE-TWICE", 100);
        var refund = new QueuedRefund(payment, 60);
        await SettleAsync(refund);
        await database.ExecuteAsync("""
            UPDATE recon_jobs SET status = 'pending', finished_at = NULL, available_at = now() WHERE id = @Id
            """, refund);
        await using var worker = new TestWorker(database, options => options.FailureLimit = 1);

        await worker.SettleAllAsync(Cancel);

        Assert.Equal("dead", await database.ScalarAsync<string>(
            "SELECT status FROM recon_jobs WHERE id = @Id", refund));
        Assert.Equal(40, await BalanceAsync("GIVE-TWICE"));
        await database.ExecuteAsync(
            "UPDATE recon_jobs SET status = 'completed', buried_at = NULL WHERE id = @Id", refund);
    }

    [Fact]
    public async Task A_worker_that_lost_its_lease_posts_no_refund_and_releases_none()
    {
        var payment = await PaidAsync("GIVE-LATE", 100);
        var refund = new QueuedRefund(payment, 60);
        await database.QueueAsync(refund);
        await using var frozen = new TestWorker(database);
        var claim = await frozen.ClaimAllAsync(Cancel);
        await database.EndLeasesAsync();

        await Assert.ThrowsAsync<LeaseLostException>(
            () => frozen.Batches.ExecuteAsync(claim, Cancel));

        Assert.Equal(("pending", null, false), await EndOfAsync(refund));
        Assert.Equal(100, await BalanceAsync("GIVE-LATE"));
        await frozen.SettleAllAsync(Cancel);
        Assert.Equal(("succeeded", null, true), await EndOfAsync(refund));
        await Books.ShouldBeRightAsync(database);
    }

    [Fact]
    public async Task Workers_racing_over_refunds_of_the_same_payments_leave_the_books_right()
    {
        var payments = Enumerable.Range(0, 12)
            .Select(i => new QueuedPayment($"RACE-{i}", 100, Payer: "RACE-HUB")).ToArray();
        await database.QueueAsync(payments);
        await TestWorker.RaceAsync(database, workers: 2, batchSizeOf: _ => 50, Cancel);

        // Half of the accounts cannot give anything back, so their refunds are released by several workers at once.
        await database.ExecuteAsync("""
            UPDATE accounts SET minimum_balance = 100 WHERE name LIKE 'RACE-%' AND name <> 'RACE-HUB' AND id % 2 = 0
            """);
        await database.QueueAsync([.. Enumerable.Range(0, 10).SelectMany(_ => payments)
            .Select(payment => new QueuedRefund(payment, 10))]);
        await TestWorker.RaceAsync(database, workers: 4, batchSizeOf: _ => 7, Cancel);

        var ends = (await database.QueryAsync<(string Status, long Count)>("""
            SELECT status, count(*) FROM refunds WHERE account LIKE 'RACE-%' GROUP BY status
            """)).ToDictionary();
        Assert.Equal(120, ends["succeeded"] + ends["failed"]);
        Assert.All(["succeeded", "failed"], status => Assert.Equal(0, ends[status] % 10));
        Assert.Equal(0, await database.ScalarAsync<long>(
            "SELECT count(*) FROM recon_jobs WHERE kind = 'refund' AND status <> 'completed' AND division >= 0"
            + " AND payer_account LIKE 'RACE-%'"));
        await Books.ShouldBeRightAsync(database);
    }

    private async Task<QueuedPayment> PaidAsync(
        string payee, long amount, string currency = "USD", string? payer = null)
    {
        var payment = new QueuedPayment(payee, amount, currency, payer);
        await database.QueueAsync(payment);
        await using var worker = new TestWorker(database);
        await worker.SettleAllAsync(Cancel);
        return payment;
    }

    private async Task SettleAsync(params IReadOnlyList<QueuedRefund> refunds)
    {
        await database.QueueAsync(refunds);
        await using var worker = new TestWorker(database);
        await worker.SettleAllAsync(Cancel);
    }

    private async Task<(string Status, string? Reason, bool Settled)> EndOfAsync(QueuedRefund refund) =>
        Assert.Single(await database.QueryAsync<(string, string?, bool)>(
            "SELECT status, failure_reason, settled_at IS NOT NULL FROM refunds WHERE id = @Id", refund));

    private Task<long> BalanceAsync(string account) =>
        database.ScalarAsync<long>("SELECT balance FROM accounts WHERE name = @account", new { account });
}
