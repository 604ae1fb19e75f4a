using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Payments.Testing;
using Recon.Worker.Settlements;

namespace Recon.Worker.Tests.Jobs;

/// <summary>
/// A worker that lost its lease is kept from the books, whenever it wakes up. Leases are aged by SQL.
/// </summary>
public sealed class FenceTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_worker_that_wakes_after_its_lease_commits_nothing()
    {
        var payment = await QueueOneAsync();
        await using var frozen = new TestWorker(database);
        var claim = await frozen.ClaimAllAsync(Cancel);
        await database.EndLeasesAsync();

        await Assert.ThrowsAsync<LeaseLostException>(
            () => frozen.Batches.ExecuteAsync(claim, Cancel));

        Assert.Equal(0, await SettlementsOfAsync(payment));
        Assert.Equal("pending", await database.ScalarAsync<string>(
            "SELECT status FROM payments WHERE id = @Id", payment));
        await SettleTheRestAsync();
    }

    [Fact]
    public async Task A_job_that_was_taken_over_and_settled_is_not_settled_again_by_its_first_worker()
    {
        var payment = await QueueOneAsync();
        await using var frozen = new TestWorker(database);
        await using var successor = new TestWorker(database);
        var claim = await frozen.ClaimAllAsync(Cancel);
        await database.EndLeasesAsync();
        await successor.SettleAllAsync(Cancel);

        await Assert.ThrowsAsync<LeaseLostException>(
            () => frozen.Batches.ExecuteAsync(claim, Cancel));

        Assert.Equal(1, await SettlementsOfAsync(payment));
        await Books.ShouldBeRightAsync(database);
    }

    [Fact]
    public async Task A_late_worker_can_neither_settle_nor_return_nor_fail_what_another_one_holds()
    {
        var payment = await QueueOneAsync();
        await using var frozen = new TestWorker(database);
        await using var successor = new TestWorker(database);
        var old = await frozen.ClaimAllAsync(Cancel);
        await database.EndLeasesAsync();
        var current = await successor.ClaimAllAsync(Cancel);

        await Assert.ThrowsAsync<LeaseLostException>(() => frozen.Batches.ExecuteAsync(old, Cancel));
        Assert.Equal(0, await frozen.Held.ReturnAsync(old.Lease, old.Jobs, Cancel));
        Assert.False(await frozen.Held.FailAsync(old.Lease, old.Jobs[0], "late", Cancel));
        Assert.False(await frozen.Held.ExtendAsync(old.Lease, old.Jobs, Cancel));
        Assert.True(current.Lease > old.Lease);

        await successor.Jobs.ExecuteAsync(current, CancellationToken.None, Cancel);
        Assert.Equal(1, await SettlementsOfAsync(payment));
        await Books.ShouldBeRightAsync(database);
    }

    [Fact]
    public async Task One_lost_job_takes_the_whole_batch_back()
    {
        await database.QueueAsync(new QueuedPayment("ACC-BATCH", 1), new QueuedPayment("ACC-BATCH", 2));
        await using var worker = new TestWorker(database);
        var claim = await worker.ClaimAllAsync(Cancel);
        await database.ExecuteAsync(
            "UPDATE recon_jobs SET available_at = clock_timestamp() WHERE id = @Id", claim.Jobs[1]);

        Assert.Equal(0, await worker.Jobs.ExecuteAsync(claim, CancellationToken.None, Cancel));

        var ids = claim.Jobs.Select(j => j.Id).ToArray();
        Assert.Equal(0, await database.ScalarAsync<long>(
            "SELECT count(*) FROM ledger_transactions WHERE id = ANY (@ids)", new { ids }));
        await database.EndLeasesAsync();
        await SettleTheRestAsync();
    }

    // Through the worker's own program, which opens its sessions.
    [Fact]
    public async Task Each_time_limit_of_a_workers_session_is_a_third_of_its_lease()
    {
        await using var worker = new WorkerProcess(database, ("Worker:LeaseSeconds", "6"));
        await using var session = await worker.Services.GetRequiredService<NpgsqlDataSource>()
            .OpenConnectionAsync(Cancel);

        foreach (var limit in new[] { "transaction_timeout", "lock_timeout", "idle_in_transaction_session_timeout" })
        {
            Assert.Equal((limit, "2s"), (limit, await session.ExecuteScalarAsync<string>(
                "SELECT current_setting(@limit)", new { limit })));
        }
    }

    [Fact]
    public async Task A_worker_frozen_inside_its_transaction_is_cut_off_by_the_server_before_its_lease_ends()
    {
        await QueueOneAsync();
        await using var worker = new TestWorker(database, options => options.LeaseSeconds = 3);
        var claim = await worker.ClaimAllAsync(Cancel);

        // What a SIGSTOP in the middle of a settlement looks like to the server:
        // a session that holds rows and is silent.
        await using var frozen = await worker.Sessions.OpenConnectionAsync(Cancel);
        await using var transaction = await frozen.BeginTransactionAsync(Cancel);
        await using (var hold = new NpgsqlCommand("SELECT id FROM recon_jobs WHERE lease = $1 FOR UPDATE", frozen))
        {
            hold.Parameters.Add(new NpgsqlParameter { Value = claim.Lease });
            await hold.ExecuteNonQueryAsync(Cancel);
        }

        // Blocks until the server has ended the frozen session; without the settings it would block for ever.
        Assert.True(await database.ScalarAsync<bool>(
            """
            SELECT bool_and(held.available_at > clock_timestamp())
            FROM (SELECT available_at FROM recon_jobs WHERE lease = @Lease FOR UPDATE) AS held
            """,
            claim));

        await database.EndLeasesAsync();
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => transaction.CommitAsync(Cancel));
        await SettleTheRestAsync();
    }

    [Fact]
    public async Task A_lease_that_ends_while_its_settlement_is_being_written_settles_nothing()
    {
        await QueueOneAsync();
        await SettleTheRestAsync();
        var payment = await QueueOneAsync();
        await using var worker = new TestWorker(database);
        var claim = await worker.ClaimAllAsync(Cancel);
        await using var blocked = await BlockedAccount.HoldAsync(database.Superuser, "ACC-FENCE");
        await database.ExecuteAsync(
            "UPDATE recon_jobs SET available_at = clock_timestamp() + interval '2 seconds' WHERE lease = @Lease",
            claim);
        var settling = worker.Batches.ExecuteAsync(claim, Cancel);
        await database.UntilAsync(Conditions.LockIsWaitedFor);
        await database.UntilAsync(
            "SELECT bool_and(available_at < clock_timestamp()) FROM recon_jobs WHERE lease = @Lease", claim);
        await blocked.DisposeAsync();

        await Assert.ThrowsAsync<LeaseLostException>(() => settling);
        Assert.Equal(0, await SettlementsOfAsync(payment));
        await SettleTheRestAsync();
    }

    private async Task<QueuedPayment> QueueOneAsync()
    {
        var payment = new QueuedPayment("ACC-FENCE", 100_00);
        await database.QueueAsync(payment);
        return payment;
    }

    private async Task SettleTheRestAsync()
    {
        await using var worker = new TestWorker(database);
        await worker.SettleAllAsync(Cancel);
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM recon_jobs WHERE finished_at IS NULL"));
        await Books.ShouldBeRightAsync(database);
    }

    private Task<long> SettlementsOfAsync(QueuedPayment payment) =>
        database.ScalarAsync<long>("SELECT count(*) FROM ledger_transactions WHERE id = @Id", payment);
}
