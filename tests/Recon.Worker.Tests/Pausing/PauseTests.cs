using Npgsql;
using Payments.Testing;

namespace Recon.Worker.Tests.Pausing;

public sealed class PauseTests : IAsyncLifetime
{
    private const string AllPaused = "SELECT bool_and(paused_since IS NOT NULL) FROM workers";

    private readonly TestDatabase _database = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _database.InitializeAsync();

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task A_paused_queue_is_left_alone_until_it_is_resumed()
    {
        await using var worker = Start();
        await PauseAllAsync();
        await _database.UntilAsync(AllPaused);
        var payment = new QueuedPayment("ACC-PAUSED", 100);

        await worker.PayAsync(payment);
        await HeartbeatsAsync(5);

        Assert.Equal("pending 0", await _database.ScalarAsync<string>(
            "SELECT status || ' ' || attempts FROM recon_jobs WHERE id = @Id", payment));
        await ResumeAllAsync();
        await worker.WaitUntilSettledAsync(payment);
        await _database.UntilAsync("SELECT bool_and(paused_since IS NULL) FROM workers");
    }

    [Fact]
    public async Task A_worker_that_starts_while_the_queue_is_paused_claims_nothing()
    {
        var payment = new QueuedPayment("ACC-LATE", 100);
        await _database.QueueAsync(payment);
        await PauseAllAsync();

        await using var worker = Start();
        await _database.UntilAsync(AllPaused);
        await HeartbeatsAsync(5);

        Assert.Equal(0, await _database.ScalarAsync<int>("SELECT attempts FROM recon_jobs WHERE id = @Id", payment));
        await ResumeAllAsync();
        await worker.WaitUntilSettledAsync(payment);
    }

    [Fact]
    public async Task One_worker_is_paused_and_the_other_settles_everything()
    {
        await using var paused = Start();
        await _database.UntilAsync("SELECT count(*) = 1 FROM workers");
        var pausedId = await _database.ScalarAsync<string>("SELECT id FROM workers");
        await _database.ExecuteAsync(
            "UPDATE workers SET pause_asked_at = now(), pause_asked_by = 'tester' WHERE id = @pausedId",
            new { pausedId });
        await _database.UntilAsync(AllPaused);
        await using var other = Start();
        var payments = Enumerable.Range(0, 100).Select(i => new QueuedPayment($"ACC-{i}", 100 + i)).ToArray();

        await _database.QueueAsync(payments);
        await _database.UntilAsync("SELECT NOT EXISTS (SELECT FROM recon_jobs WHERE finished_at IS NULL)");

        Assert.Equal(0, await _database.ScalarAsync<long>(
            "SELECT count(*) FROM recon_jobs WHERE locked_by = @pausedId", new { pausedId }));
        await _database.UntilAsync("SELECT sum(settled_last_minute) >= 100 FROM workers WHERE pause_asked_at IS NULL");
        await Books.ShouldBeRightAsync(_database);
    }

    [Fact]
    public async Task What_a_worker_holds_when_it_is_paused_it_finishes()
    {
        await using var worker = Start();
        var first = new QueuedPayment("ACC-HELD", 100);
        await worker.PayAsync(first);
        await worker.WaitUntilSettledAsync(first);
        await using var blocked = await BlockedAccount.HoldAsync(_database.Superuser, "ACC-HELD");
        var held = new QueuedPayment("ACC-HELD", 200);
        await worker.PayAsync(held);
        await _database.UntilAsync("SELECT status = 'processing' FROM recon_jobs WHERE id = @Id", held);
        await PauseAllAsync();
        await HeartbeatsAsync(5);
        Assert.False(await _database.ScalarAsync<bool>(AllPaused));

        await blocked.DisposeAsync();

        await worker.WaitUntilSettledAsync(held);
        await _database.UntilAsync(AllPaused);
    }

    [Fact]
    public async Task What_a_worker_has_claimed_ahead_when_it_is_paused_it_finishes()
    {
        await using var worker = Start(("Worker:BatchSize", "1"));
        var payments = Enumerable.Range(1, 5).Select(i => new QueuedPayment("ACC-AHEAD", i)).ToArray();
        await worker.PayAsync(payments[0]);
        await worker.WaitUntilSettledAsync(payments[0]);
        await using var blocked = await BlockedAccount.HoldAsync(_database.Superuser, "ACC-AHEAD");
        await _database.QueueAsync(payments[1..]);
        await _database.UntilAsync("SELECT count(*) = 2 FROM recon_jobs WHERE status = 'processing'");
        await using var holder = await _database.Superuser.OpenConnectionAsync(Cancel);
        await using var holdAhead = await holder.BeginTransactionAsync(Cancel);
        await using (var locks = new NpgsqlCommand("SELECT FROM payments WHERE id = $1 FOR UPDATE", holder))
        {
            locks.Parameters.Add(new NpgsqlParameter { Value = payments[2].Id });
            await locks.ExecuteNonQueryAsync(Cancel);
        }

        await PauseAllAsync();
        await LooksAsync();
        await blocked.DisposeAsync();
        await _database.UntilAsync("SELECT finished_at IS NOT NULL FROM recon_jobs WHERE id = @Id", payments[1]);
        await LooksAsync();
        Assert.False(await _database.ScalarAsync<bool>(AllPaused));

        await holdAhead.RollbackAsync(Cancel);

        await _database.UntilAsync(AllPaused);
        Assert.Equal(3, await _database.ScalarAsync<int>("SELECT count(*) FROM recon_jobs WHERE status = 'completed'"));
        Assert.Equal(2, await _database.ScalarAsync<int>("SELECT count(*) FROM recon_jobs WHERE status = 'pending'"));
    }

    [Fact]
    public async Task A_paused_worker_stays_healthy_however_long_it_rests()
    {
        await PauseAllAsync();

        // Without a pass a worker with this lease and poll is unhealthy after 1.2 seconds.
        await using var worker = Start(("Worker:LeaseSeconds", "1"));
        await _database.UntilAsync("SELECT bool_and(clock_timestamp() > paused_since + '1.5 seconds') FROM workers");

        using var answer = await worker.CreateClient().GetAsync(new Uri("/health", UriKind.Relative), Cancel);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Cancel));
    }

    private WorkerProcess Start(params (string Name, string Value)[] settings)
    {
        var worker = new WorkerProcess(
            _database, [("Worker:PollSeconds", "0.1"), ("Worker:HeartbeatSeconds", "0.05"), .. settings]);
        worker.CreateClient().Dispose();
        return worker;
    }

    private Task PauseAllAsync() =>
        _database.ExecuteAsync("UPDATE queue_control SET paused_at = now(), paused_by = 'tester'");

    private Task ResumeAllAsync() => _database.ExecuteAsync(
        "UPDATE queue_control SET paused_at = NULL, paused_by = NULL; NOTIFY queue_control");

    // Lets the worker look whether it is paused, and tell what it does.
    private async Task LooksAsync()
    {
        await _database.ExecuteAsync("NOTIFY queue_control");
        await HeartbeatsAsync(5);
    }

    // Time in which a worker that may claim would have done so many times over.
    private async Task HeartbeatsAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var seen = await _database.ScalarAsync<DateTime>("SELECT max(seen_at) FROM workers");
            await _database.UntilAsync("SELECT max(seen_at) > @seen FROM workers", new { seen });
        }
    }
}
