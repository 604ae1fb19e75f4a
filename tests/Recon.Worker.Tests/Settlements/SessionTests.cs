using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Payments.Ledger;
using Payments.Ledger.Jobs;
using Payments.Testing;

namespace Recon.Worker.Tests.Settlements;

/// <summary>
/// Sessions go back to the pool as they are: what one user left set in them the next would settle payments by.
/// </summary>
public sealed class SessionTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_claim_leaves_the_session_waiting_for_the_disk_at_the_next_commit()
    {
        await database.QueueAsync(new QueuedPayment("ACC-SESSION", 100));
        await using var worker = new TestWorker(database, alone: true);

        await worker.ClaimAllAsync(Cancel);

        Assert.Equal(("on", ""), await LeftBehindAsync(worker));
    }

    [Fact]
    public async Task A_notification_leaves_the_session_waiting_for_the_disk_at_the_next_commit()
    {
        await using var worker = new TestWorker(database, alone: true);
        await using var listening = await database.Superuser.OpenConnectionAsync(Cancel);
        await using (var listen = new NpgsqlCommand("LISTEN " + Database.ChangesChannel, listening))
        {
            await listen.ExecuteNonQueryAsync(Cancel);
        }

        using var notifier = new Notifier(
            worker.Sessions, Database.ChangesChannel, TimeSpan.Zero, TimeProvider.System,
            NullLogger<Notifier>.Instance);
        await notifier.StartAsync(Cancel);
        notifier.Signal();
        await listening.WaitAsync(Cancel);
        await notifier.StopAsync(Cancel);

        Assert.Equal(("on", ""), await LeftBehindAsync(worker));
    }

    // The worker has one session, so this is the one that was used before.
    private static async Task<(string SynchronousCommit, string Divisions)> LeftBehindAsync(TestWorker worker)
    {
        await using var session = await worker.Sessions.OpenConnectionAsync(Cancel);
        await using var look = new NpgsqlCommand(
            "SELECT current_setting('synchronous_commit'), coalesce(current_setting('recon.divisions', true), '')",
            session);
        await using var reader = await look.ExecuteReaderAsync(Cancel);
        await reader.ReadAsync(Cancel);
        return (reader.GetString(0), reader.GetString(1));
    }
}
