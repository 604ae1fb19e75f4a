using Npgsql;
using Payments.Testing;
using Recon.Worker.Retention;

namespace Recon.Worker.Tests.Retention;

public sealed class RemoveFinishedJobsTests : IAsyncLifetime
{
    private readonly TestDatabase _database = new();
    private readonly RetentionOptions _options = new() { BatchSize = 3, RestMilliseconds = 0 };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _database.InitializeAsync();

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task Jobs_that_finished_long_ago_go_and_their_payments_results_and_entries_stay()
    {
        var payments = await SettleAsync(days: 8, count: 10);

        Assert.Equal(10, await RemoveAsync());

        Assert.Equal(0, await _database.ScalarAsync<long>("SELECT count(*) FROM recon_jobs"));
        Assert.Equal(10, await _database.ScalarAsync<long>("""
            SELECT count(*)
            FROM payments
            JOIN reconciliation_results ON payment_id = payments.id
            JOIN ledger_transactions ON ledger_transactions.id = payments.id
            WHERE payments.id = ANY (@ids)
            """, new { ids = payments.Select(payment => payment.Id).ToArray() }));
        await Books.ShouldBeRightAsync(_database);
    }

    [Fact]
    public async Task What_is_young_open_dead_or_finished_lately_stays_however_old_its_neighbours()
    {
        var dead = await SettleAsync(days: 10, count: 4);
        await _database.ExecuteAsync(
            "UPDATE recon_jobs SET status = 'dead', buried_at = finished_at WHERE id = ANY (@ids)", Ids(dead));
        var finishedLately = await SettleAsync(days: 9, count: 4);
        await _database.ExecuteAsync(
            "UPDATE recon_jobs SET finished_at = now() WHERE id = ANY (@ids)", Ids(finishedLately));
        var old = await SettleAsync(days: 8, count: 4);
        var young = await SettleAsync(days: 6, count: 4);
        var open = Payments(days: 8, count: 4);
        await _database.QueueAsync(open);

        Assert.Equal(4, await RemoveAsync());
        Assert.Equal(0, await RemoveAsync());

        QueuedPayment[] kept = [.. dead, .. finishedLately, .. young, .. open];
        Assert.Equal(
            kept.Select(payment => payment.Id).Order(),
            (await _database.QueryAsync<Guid>("SELECT id FROM recon_jobs")).Order());
        Assert.DoesNotContain(old[0].Id, kept.Select(payment => payment.Id));
    }

    [Fact]
    public async Task While_one_worker_clears_another_does_not()
    {
        await SettleAsync(days: 8, count: 4);
        await using var blocker = await _database.Superuser.OpenConnectionAsync(Cancel);
        await using var hold = await blocker.BeginTransactionAsync(Cancel);
        await using (var lockAll = new NpgsqlCommand("SELECT id FROM recon_jobs FOR UPDATE", blocker))
        {
            await lockAll.ExecuteNonQueryAsync(Cancel);
        }

        var clearing = RemoveAsync();
        await _database.UntilAsync(Conditions.AdvisoryLockIsHeld);
        Assert.Null(await RemoveAsync());

        await hold.RollbackAsync(Cancel);
        Assert.Equal(4, await clearing);
        Assert.Equal(0, await RemoveAsync());
    }

    [Fact]
    public async Task The_services_can_delete_a_job_in_no_other_way()
    {
        await SettleAsync(days: 0, count: 1);

        Assert.Equal(0, await RemoveAsync());
        await using var command = _database.App.CreateCommand("DELETE FROM recon_jobs");
        var refusal = await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync(Cancel));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refusal.SqlState);
    }

    [Theory]
    [InlineData("true", 0)]
    [InlineData("false", 4)]
    public async Task A_worker_clears_on_its_own_unless_it_is_switched_off(string enabled, long left)
    {
        await SettleAsync(days: 8, count: 4);

        await using var worker = new WorkerProcess(
            _database, ("Retention:Enabled", enabled), ("Retention:IntervalSeconds", "0.05"),
            ("Worker:HeartbeatSeconds", "0.05"));
        worker.CreateClient().Dispose();

        // Time for many rounds.
        await _database.UntilAsync("SELECT max(seen_at) > min(started_at) + interval '1 second' FROM workers");
        await _database.UntilAsync("SELECT count(*) = @left FROM recon_jobs", new { left });
    }

    private async Task<QueuedPayment[]> SettleAsync(int days, int count)
    {
        var payments = Payments(days, count);
        await _database.QueueAsync(payments);
        await using var worker = new TestWorker(_database);
        await worker.SettleAllAsync(Cancel);
        await _database.ExecuteAsync(
            "UPDATE recon_jobs SET finished_at = now() - @days * interval '1 day' WHERE id = ANY (@ids)",
            new { days, ids = payments.Select(payment => payment.Id).ToArray() });
        return payments;
    }

    // Ids as they would have been given out then: they begin with their time.
    private static QueuedPayment[] Payments(int days, int count)
    {
        var created = TimeProvider.System.GetUtcNow() - TimeSpan.FromDays(days) - TimeSpan.FromMinutes(1);
        return
        [
            .. Enumerable.Range(1, count).Select(i => new QueuedPayment($"ACC-{i % 3}", 100 + i)
            {
                Id = Guid.CreateVersion7(created),
            }),
        ];
    }

    private async Task<long?> RemoveAsync()
    {
        await using var source = NpgsqlDataSource.Create(_database.AppConnectionString);
        return await new RemoveFinishedJobs(source, _options, TimeProvider.System).RunOnceAsync(Cancel);
    }

    private static object Ids(QueuedPayment[] payments) =>
        new { ids = payments.Select(payment => payment.Id).ToArray() };
}
