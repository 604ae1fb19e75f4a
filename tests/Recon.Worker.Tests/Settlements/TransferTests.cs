using Npgsql;
using Payments.Testing;

namespace Recon.Worker.Tests.Settlements;

public sealed class TransferTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_transfer_is_debited_to_its_source_and_credited_to_its_destination()
    {
        var transfer = new QueuedPayment("ACC-TO", 25_00, Payer: "ACC-FROM");
        await SettleAsync(transfer);

        Assert.Equal(
            [("ACC-FROM", -25_00L, "transfer"), ("ACC-TO", 25_00L, "transfer")],
            await database.QueryAsync<(string, long, string)>("""
                SELECT a.name, e.amount, t.kind
                FROM ledger_entries AS e
                JOIN accounts AS a ON a.id = e.account_id
                JOIN ledger_transactions AS t ON t.id = e.transaction_id
                WHERE e.transaction_id = @Id ORDER BY e.amount
                """, transfer));
        await Books.ShouldBeRightAsync(database);
    }

    // Three divisions in one batch: whichever comes first by number, what arrived first is decided first.
    [Fact]
    public async Task A_chain_in_one_batch_lives_on_what_arrives_in_it()
    {
        for (var length = 2; length <= 12; length++)
        {
            var names = Enumerable.Range(0, length + 1).Select(i => $"ACC-CHAIN-{length}-{i}").ToList();
            await OpenAsync(names, minimum: 0);
            var chain = Enumerable.Range(0, length)
                .Select(i => new QueuedPayment(names[i + 1], 100, Payer: names[i]) { PayerHasMinimum = true });
            await SettleAsync([new QueuedPayment(names[0], 100), .. chain]);

            Assert.Equal(100, await database.ScalarAsync<long>(
                "SELECT balance FROM accounts WHERE name = @last", new { last = names[^1] }));
        }

        await Books.ShouldBeRightAsync(database);
    }

    [Fact]
    public async Task What_cannot_be_paid_fails_and_the_rest_of_the_batch_is_settled()
    {
        await OpenAsync(["ACC-POOR"], minimum: 0);
        var tooMuch = new QueuedPayment("ACC-RICH", 1, Payer: "ACC-POOR") { PayerHasMinimum = true };
        var others = Enumerable.Range(0, 50).Select(i => new QueuedPayment($"ACC-OTHER-{i}", 100)).ToList();

        await SettleAsync([.. others.Take(25), tooMuch, .. others.Skip(25)]);

        Assert.Equal(
            ["failed insufficient_funds insufficient_funds"],
            await database.QueryAsync<string>("""
                SELECT concat_ws(' ', p.status, p.failure_reason, r.rule)
                FROM payments AS p JOIN reconciliation_results AS r ON r.payment_id = p.id WHERE p.id = @Id
                """, tooMuch));
        Assert.Equal(50, await database.ScalarAsync<long>(
            "SELECT count(*) FROM payments WHERE status = 'completed' AND id = ANY (@ids)",
            new { ids = others.Select(other => other.Id).ToArray() }));
        Assert.Equal(1, await database.ScalarAsync<long>(
            "SELECT count(DISTINCT settled_at) FROM payments WHERE id = ANY (@ids)",
            new { ids = others.Select(other => other.Id).Append(tooMuch.Id).ToArray() }));
    }

    // Both workers hold a claim before either settles: the second waits for the payer's row, and then reads it.
    [Fact]
    public async Task Two_divisions_that_meet_at_one_payer_take_no_more_than_it_has()
    {
        await OpenAsync(["ACC-SHARED"], minimum: 0);
        await SettleAsync(new QueuedPayment("ACC-SHARED", 100));

        // Queued before the minimum was known: by their payees.
        var payees = Enumerable.Range(0, 100).Select(i => $"ACC-SIDE-{i}")
            .DistinctBy(name => new QueuedPayment(name, 1).JobDivision).Take(2).ToList();
        await using var first = new TestWorker(database);
        await using var second = new TestWorker(database);
        await database.QueueAsync(new QueuedPayment(payees[0], 80, Payer: "ACC-SHARED"));
        var firstClaim = await first.ClaimAllAsync(Cancel);
        await database.QueueAsync(new QueuedPayment(payees[1], 80, Payer: "ACC-SHARED"));
        var secondClaim = await second.ClaimAllAsync(Cancel);

        await using var blocked = await BlockedAccount.HoldAsync(database.Superuser, "ACC-SHARED");
        var settling = Task.WhenAll(
            first.Jobs.ExecuteAsync(firstClaim, CancellationToken.None, Cancel),
            second.Jobs.ExecuteAsync(secondClaim, CancellationToken.None, Cancel));
        await WaitersAsync(2);
        await blocked.DisposeAsync();
        await settling;

        Assert.Equal(
            ["completed", "failed insufficient_funds"],
            await database.QueryAsync<string>("""
                SELECT concat_ws(' ', status, failure_reason) FROM payments
                WHERE payer_account = 'ACC-SHARED' ORDER BY status
                """));
        Assert.Equal(20, await database.ScalarAsync<long>(
            "SELECT balance FROM accounts WHERE name = 'ACC-SHARED'"));
        await Books.ShouldBeRightAsync(database);
    }

    [Fact]
    public async Task The_database_refuses_a_transfer_to_its_own_account_and_one_of_nothing()
    {
        var same = await Assert.ThrowsAsync<PostgresException>(
            () => database.QueueAsync(new QueuedPayment("ACC-SAME", 1, Payer: "ACC-SAME")));
        var nothing = await Assert.ThrowsAsync<PostgresException>(
            () => database.QueueAsync(new QueuedPayment("ACC-TO", 0, Payer: "ACC-FROM")));

        Assert.Equal("payments_transfer_between_two_accounts", same.ConstraintName);
        Assert.Equal("payments_transfer_above_zero", nothing.ConstraintName);
    }

    // A HOT update writes no index. A session hands in what it counted when it ends.
    [Fact]
    public async Task A_claim_of_transfers_writes_no_index()
    {
        await using var own = new TestDatabase();
        await own.InitializeAsync();
        await own.QueueAsync(
            [.. Enumerable.Range(0, 20).Select(i => new QueuedPayment($"ACC-HOT-{i}", 1, Payer: "ACC-HOT"))]);
        await using (var worker = new TestWorker(own))
        {
            Assert.Equal(20, (await worker.ClaimAllAsync(Cancel)).Jobs.Count);
        }

        var updates = await UpdatesAsync(own, "recon_jobs", 20);
        Assert.Equal(updates.All, updates.Hot);
    }

    // Of all indexes of payments none has a column that settlement writes, in its key or its predicate.
    [Fact]
    public async Task A_settlement_writes_no_index_of_the_payments()
    {
        await using var own = new TestDatabase();
        await own.InitializeAsync();
        await own.QueueAsync(
            [.. Enumerable.Range(0, 20).Select(i => new QueuedPayment($"ACC-HOT-{i}", 1, Payer: "ACC-HOT"))]);
        await using (var worker = new TestWorker(own))
        {
            await worker.SettleAllAsync(Cancel);
        }

        Assert.Equal((20, 20), await UpdatesAsync(own, "payments", 20));
    }

    // Statistics arrive some time after the commits that they count.
    private static Task<(long All, long Hot)> UpdatesAsync(TestDatabase database, string table, int wanted) =>
        Conditions.FirstAsync(
            async () => Assert.Single(await database.QueryAsync<(long All, long Hot)>(
                "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = @table", new { table })),
            updates => updates.All >= wanted);

    private Task OpenAsync(IEnumerable<string> names, long minimum) => database.ExecuteAsync(
        """
        INSERT INTO accounts (name, currency, minimum_balance)
        SELECT name, 'USD', @minimum FROM unnest(@names) AS name
        """,
        new { names = names.ToArray(), minimum });

    private Task WaitersAsync(int wanted) => database.UntilAsync(
        """
        SELECT count(*) >= @wanted FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FOR UPDATE%'
        """,
        new { wanted });

    private async Task SettleAsync(params QueuedPayment[] payments)
    {
        await database.QueueAsync(payments);
        await using var worker = new TestWorker(database);
        await worker.SettleAllAsync(Cancel);
    }
}
