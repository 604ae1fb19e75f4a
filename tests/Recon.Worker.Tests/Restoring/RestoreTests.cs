using Npgsql;
using Payments.Ledger.Audit;
using Payments.Testing;
using Payments.Testing.Restoring;
using Recon.Worker.Reconciliation;

namespace Recon.Worker.Tests.Restoring;

/// <summary>What <c>docs/runbook/backup-and-restore.md</c> promises, on real servers.</summary>
public sealed class RestoreTests(RestorableBooks books) : IClassFixture<RestorableBooks>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_backup_that_is_taken_while_payments_are_made_and_settled_has_right_books()
    {
        var last = new QueuedPayment("ACC-LAST", 7_00);
        Guid[] acknowledged = [];
        BaseBackup backup;
        await using (var stream = new PaymentStream(books.Database))
        {
            await stream.GoOnAsync();
            backup = await books.Server.BackUpAsync(Cancel, beforeItsEnd: async () =>
            {
                await stream.GoOnAsync();
                await stream.StopSettlingAsync();
                await books.Database.QueueAsync(last);
                acknowledged = [.. stream.Acknowledged, last.Id];
            });
        }

        await using var restored = await books.Server.RestoreAsync(backup, "recovery_target=immediate", Cancel);

        Assert.Equal(acknowledged.Length, await restored.Database.ScalarAsync<int>(
            "SELECT count(*) FROM payments WHERE id = ANY (@acknowledged)", new { acknowledged }));
        Assert.Equal("pending", await restored.Database.ScalarAsync<string>(
            "SELECT status FROM payments WHERE id = @Id", last));
        await Books.ShouldBeRightAsync(restored.Database);
        await VerifiedAsync(restored);

        await TestWorker.RaceAsync(restored.Database, workers: 2, _ => 50, Cancel);

        Assert.Equal(0, await restored.Database.ScalarAsync<int>(
            "SELECT count(*) FROM payments WHERE status = 'pending'"));
        await Books.ShouldBeRightAsync(restored.Database);
        await VerifiedAsync(restored);
    }

    [Fact]
    public async Task What_a_worker_held_at_the_point_is_due_again_on_the_restored_server_and_settled_once()
    {
        await using var worker = new TestWorker(books.Database, options => options.LeaseSeconds = 2);
        await worker.SettleAllAsync(Cancel);
        var payments = Enumerable.Range(1, 3).Select(i => new QueuedPayment("ACC-HELD", i * 1_00)).ToArray();
        await books.Database.QueueAsync(payments);
        var held = await worker.ClaimAllAsync(Cancel);
        var point = await books.MarkAsync();
        await worker.Batches.ExecuteAsync(held, Cancel);

        await using var restored = await books.RestoreAndWaitAsync(point);
        await VerifiedAsync(restored);
        await restored.GoOnAsync();
        Assert.Equal($"3 processing under {held.Lease}", await restored.Database.ScalarAsync<string>("""
            SELECT concat_ws(' ', count(*), min(status), 'under', min(lease))
            FROM recon_jobs
            WHERE finished_at IS NULL
            """));
        await TestWorker.RaceAsync(restored.Database, workers: 2, _ => 2, Cancel);

        Assert.Equal(6_00, await restored.Database.ScalarAsync<long>(
            "SELECT balance FROM accounts WHERE name = 'ACC-HELD'"));
        await Books.ShouldBeRightAsync(restored.Database);
        await VerifiedAsync(restored);
    }

    // A lease number that was drawn after the point is drawn again, and the ids of accounts too.
    [Fact]
    public async Task Whoever_was_not_stopped_cannot_reach_a_restored_server_with_another_password()
    {
        await using var lost = new TestWorker(books.Database);
        await lost.SettleAllAsync(Cancel);
        var point = await books.MarkAsync();
        await using var restored = await books.RestoreToAsync(point);
        await using var late = new TestWorker(restored.Database);

        await restored.MigrateAsync("another password", Cancel);

        var refusal = await Assert.ThrowsAsync<PostgresException>(() => late.ClaimAllAsync(Cancel));
        Assert.Equal(PostgresErrorCodes.InvalidPassword, refusal.SqlState);
    }

    [Fact]
    public async Task The_audit_trail_tells_a_restore_by_the_checkpoints_and_goes_on_once_it_was_accepted()
    {
        using var signing = new AuditSigning();
        await signing.SealAsync(books.Database, events: 7);
        var point = await books.MarkAsync();
        await signing.SealAsync(books.Database, events: 3);
        await using var restored = await books.RestoreToAsync(point);

        var before = await signing.VerifyAsync(restored.Database);
        var accepted = await signing.AcceptAsync(restored.Database);
        var after = await signing.VerifyAsync(restored.Database);
        await signing.SealAsync(restored.Database, events: 2);
        var later = await signing.VerifyAsync(restored.Database);

        Assert.Equal((8, AuditDamageKind.Cut), (before.Damage?.FirstBadSequence, before.Damage?.Kind));
        Assert.Equal((7, 10), (accepted.Kept, accepted.SignedTo));
        Assert.Equal((null, 7, 1), (after.Damage, after.Sealed, after.Waiting));
        Assert.Equal((null, 10, 10, 1), (later.Damage, later.Sealed, later.CheckpointedTo, later.Restores));
    }

    private static async Task VerifiedAsync(ArchivedServer server)
    {
        await using var output = new StringWriter();
        var code = await VerifyBooksCommand.RunAsync(
            [VerifyBooksCommand.Name, $"--ConnectionStrings:payments={server.Database.AppConnectionString}"], output);
        Assert.True(code == 0, output.ToString());
    }
}
