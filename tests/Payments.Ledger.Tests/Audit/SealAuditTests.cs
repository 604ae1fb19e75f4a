using Npgsql;
using Payments.Ledger.Audit;

namespace Payments.Ledger.Tests.Audit;

public sealed class SealAuditTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task More_events_than_a_batch_holds_are_sealed_in_the_order_of_their_time()
    {
        await using var trail = await AuditTrail.StartAsync();
        await trail.RecordAsync(SealAudit.BatchSize + 5);

        var count = await trail.Sealer.RunOnceAsync(Cancel);

        Assert.Equal(SealAudit.BatchSize + 5, count);
        Assert.Equal(0, await trail.Database.ScalarAsync<long>("SELECT count(*) FROM audit_unsealed"));
        Assert.Equal("1,1005,0", await trail.Database.ScalarAsync<string>("""
            SELECT concat_ws(',', min(sequence), max(sequence), count(*) FILTER (WHERE event_id < previous))
            FROM (SELECT sequence, event_id, lag(event_id) OVER (ORDER BY sequence) AS previous FROM audit_chain)
            """));
        Assert.True((await trail.VerifyAsync()).Intact);
    }

    // The services' role may insert it. Postgres counts to the year 294276.
    [Theory]
    [InlineData("200000-01-01")]
    [InlineData("4000-01-01 BC")]
    public async Task An_event_whose_time_cannot_be_read_is_sealed_like_any_other(string time)
    {
        await using var trail = await AuditTrail.StartAsync();
        await trail.RecordAsync(3);
        await trail.TamperAsync($"""
            UPDATE audit_events
            SET created_at = '{time}'
            WHERE id = (SELECT event_id FROM audit_unsealed ORDER BY event_id LIMIT 1)
            """);

        Assert.Equal(3, await trail.Sealer.RunOnceAsync(Cancel));

        Assert.True((await trail.VerifyAsync()).Intact);
    }

    [Fact]
    public async Task Many_sealers_at_once_make_one_chain()
    {
        await using var trail = await AuditTrail.StartAsync(recordsOfCheckpoint: 10);
        var recording = Enumerable.Range(0, 4).Select(_ => Task.Run(() => trail.RecordAsync(50), Cancel)).ToList();
        var all = Task.WhenAll(recording);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(
            async () =>
            {
                var sealer = trail.NewSealer();
                do
                {
                    await sealer.RunOnceAsync(Cancel);
                }
                while (!all.IsCompleted);
            },
            Cancel)));
        await trail.NewSealer().RunOnceAsync(Cancel);

        var found = await trail.VerifyAsync();
        Assert.Null(found.Damage);
        Assert.Equal((200, 0, 200), (found.Sealed, found.Waiting, found.CheckpointedTo));
    }

    [Fact]
    public async Task While_one_process_seals_another_leaves_it_to_that_one()
    {
        await using var trail = await AuditTrail.StartAsync();
        await trail.RecordAsync(3);
        await using var other = await trail.Database.App.OpenConnectionAsync(Cancel);
        await using (var take = new NpgsqlCommand($"SELECT pg_advisory_lock({SealAudit.LockKey})", other))
        {
            await take.ExecuteNonQueryAsync(Cancel);
        }

        var whileTaken = await trail.Sealer.RunOnceAsync(Cancel);
        await using (var release = new NpgsqlCommand($"SELECT pg_advisory_unlock({SealAudit.LockKey})", other))
        {
            await release.ExecuteNonQueryAsync(Cancel);
        }

        Assert.Equal((0, 3), (whileTaken, await trail.Sealer.RunOnceAsync(Cancel)));
    }

    [Fact]
    public async Task An_event_that_commits_after_a_later_one_was_sealed_is_sealed_too()
    {
        await using var trail = await AuditTrail.StartAsync();
        await using var slow = await trail.Database.App.OpenConnectionAsync(Cancel);
        await using var transaction = await slow.BeginTransactionAsync(Cancel);
        await new AuditLog(TimeProvider.System).RecordAsync(
            slow, new(new AuditActor("slow"), "payment.cancelled", "payment", "1"), Cancel);
        await trail.RecordAsync(2);

        var first = await trail.Sealer.RunOnceAsync(Cancel);
        await transaction.CommitAsync(Cancel);

        Assert.Equal((2, 1), (first, await trail.Sealer.RunOnceAsync(Cancel)));
        Assert.True((await trail.VerifyAsync()).Intact);
    }

    [Fact]
    public async Task An_event_of_an_action_that_was_rolled_back_never_was()
    {
        await using var trail = await AuditTrail.StartAsync();
        await using (var connection = await trail.Database.App.OpenConnectionAsync(Cancel))
        {
            await using var transaction = await connection.BeginTransactionAsync(Cancel);
            await new AuditLog(TimeProvider.System).RecordAsync(
                connection, new(new AuditActor("tester"), "refund.created", "refund", "1"), Cancel);
        }

        Assert.Equal(0, await trail.Sealer.RunOnceAsync(Cancel));
        Assert.Equal(0, await trail.Database.ScalarAsync<long>("SELECT count(*) FROM audit_events"));
    }

    [Fact]
    public async Task A_sealer_that_starts_anew_goes_on_where_the_last_one_ended()
    {
        await using var trail = await AuditTrail.StartWithTenAsync();
        await trail.RecordAsync(3);

        await trail.NewSealer().RunOnceAsync(Cancel);

        Assert.Equal([4, 8, 10, 13], trail.Checkpoints.List());
        Assert.True((await trail.VerifyAsync()).Intact);
    }

    [Fact]
    public async Task A_checkpoint_waits_for_its_time_or_for_enough_events()
    {
        await using var trail = await AuditTrail.StartWithTenAsync();

        await trail.RecordAsync(3);
        await trail.Sealer.RunOnceAsync(Cancel);
        var few = trail.Checkpoints.LastSequence();
        await trail.RecordAsync(1);
        await trail.Sealer.RunOnceAsync(Cancel);
        var enough = trail.Checkpoints.LastSequence();
        await trail.RecordAsync(1);
        trail.Options.CheckpointSeconds = 0;
        await trail.Sealer.RunOnceAsync(Cancel);

        Assert.Equal((10, 14, 15), (few, enough, trail.Checkpoints.LastSequence()));
    }

    [Theory]
    [InlineData("audit_events")]
    [InlineData("audit_chain")]
    public async Task What_was_recorded_cannot_be_changed_by_the_services_nor_by_the_owner(string table)
    {
        await using var trail = await AuditTrail.StartWithTenAsync();
        string[] changes =
        [
            $"UPDATE {table} SET {(table == "audit_chain" ? "sealed_at = now()" : "actor = 'x'")}",
            $"DELETE FROM {table}",
            $"TRUNCATE {table}",
        ];

        foreach (var change in changes)
        {
            Assert.Equal(
                PostgresErrorCodes.InsufficientPrivilege, (await RefusalAsync(trail.Database.App, change)).SqlState);
            Assert.Equal(
                "audit_is_immutable", (await RefusalAsync(trail.Database.Superuser, change)).ConstraintName);
        }

        Assert.True((await trail.VerifyAsync()).Intact);
    }

    [Fact]
    public async Task The_services_cannot_pretend_that_an_event_waits()
    {
        await using var trail = await AuditTrail.StartAsync();

        var refusal = await RefusalAsync(
            trail.Database.App, "INSERT INTO audit_unsealed (event_id) VALUES (gen_random_uuid())");

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refusal.SqlState);
    }

    private static async Task<PostgresException> RefusalAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        return await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync(Cancel));
    }
}
