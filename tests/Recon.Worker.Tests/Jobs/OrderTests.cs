using Payments.Ledger.Jobs;
using Payments.Testing;
using Recon.Worker.Jobs;
using Recon.Worker.Settlements;

namespace Recon.Worker.Tests.Jobs;

public sealed class OrderTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_division_whose_oldest_job_another_worker_holds_is_left_alone()
    {
        await database.QueueAsync([.. Enumerable.Range(1, 3).Select(i => new QueuedPayment("ACC-HEAD", i))]);
        await using var first = new TestWorker(database, options => options.BatchSize = 1);
        await using var second = new TestWorker(database);
        var held = await first.ClaimAllAsync(Cancel);

        Assert.Empty((await second.ClaimAllAsync(Cancel)).Jobs);

        await first.Jobs.ExecuteAsync(held, CancellationToken.None, Cancel);
        Assert.Equal([2L, 3L], (await second.ClaimAllAsync(Cancel)).Jobs.Select(job => job.Amount));
        await database.EndLeasesAsync();
        await second.SettleAllAsync(Cancel);
    }

    [Theory]
    [InlineData("ACC-RACE")]
    [InlineData("ACC-RACE-1", "ACC-RACE-2", "ACC-RACE-3")]
    public async Task Workers_racing_for_the_same_divisions_settle_each_account_in_queue_order(
        params string[] accounts)
    {
        await database.QueueAsync([.. Enumerable.Range(0, accounts.Length * 300)
            .Select(i => new QueuedPayment(accounts[i % accounts.Length], i + 1))]);

        await TestWorker.RaceAsync(database, workers: 4, batchSizeOf: number => 5 * (number + 1), Cancel);

        foreach (var account in accounts)
        {
            var amounts = await database.PostedAmountsAsync(account);
            Assert.Equal(300, amounts.Count);
            Assert.Equal(amounts.Order(), amounts);
        }

        await Books.ShouldBeRightAsync(database);
    }

    [Fact]
    public async Task Living_workers_share_out_all_divisions_and_a_silent_one_loses_its_share()
    {
        await using var first = new TestWorker(database);
        await using var second = new TestWorker(database);
        await first.Heartbeat.BeatAsync(Cancel);
        await second.Heartbeat.BeatAsync(Cancel);
        await first.Heartbeat.BeatAsync(Cancel);
        Assert.Equal([new WorkerShare(0, 2), new WorkerShare(1, 2)], [first.Heartbeat.Share, second.Heartbeat.Share]);

        await database.ExecuteAsync(
            "UPDATE workers SET seen_at = seen_at - interval '1 minute' WHERE id = @Id", second.Identity);
        await first.Heartbeat.BeatAsync(Cancel);

        Assert.Equal(new WorkerShare(0, 1), first.Heartbeat.Share);
    }

    [Fact]
    public async Task A_payment_committed_late_with_an_earlier_place_in_the_queue_is_still_found()
    {
        await using var worker = new TestWorker(database);
        await using var slow = await database.App.OpenConnectionAsync(Cancel);
        await using var transaction = await slow.BeginTransactionAsync(Cancel);
        var late = Guid.CreateVersion7();
        await using (var insert = slow.CreateCommand())
        {
            insert.CommandText = """
                WITH p AS (
                    INSERT INTO payments (id, kind, payee_account, amount, currency, owner_id,
                        idempotency_key, fingerprint, created_at)
                    VALUES ($1, 'payment', 'ACC-LATE', 1, 'USD', 1, 'late', '\x00', now())
                )
                INSERT INTO recon_jobs (id, payment_id, division, payee_account, amount, currency)
                VALUES ($1, $1, $2, 'ACC-LATE', 1, 'USD')
                """;
            insert.Parameters.Add(new() { Value = late });
            insert.Parameters.Add(new() { Value = Division.Of("ACC-LATE") });
            await insert.ExecuteNonQueryAsync(Cancel);
        }

        await database.QueueAsync(new QueuedPayment("ACC-LATE", 2));
        await worker.SettleAllAsync(Cancel);
        await transaction.CommitAsync(Cancel);

        await Conditions.FirstAsync(
            () => worker.Pass.RunOnceAsync(CancellationToken.None, Cancel),
            outcome => outcome is PassOutcome.Settled or PassOutcome.SettledAll);

        Assert.Equal("completed", await database.ScalarAsync<string>(
            "SELECT status FROM payments WHERE id = @late", new { late }));
    }
}
