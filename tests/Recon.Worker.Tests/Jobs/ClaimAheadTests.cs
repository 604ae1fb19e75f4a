using Npgsql;
using Payments.Testing;
using Recon.Worker.Settlements;

namespace Recon.Worker.Tests.Jobs;

/// <summary>
/// Where one account has all the work that is left, its worker claims the next batch while it settles one, and holds
/// its jobs until that one is committed.
/// </summary>
public sealed class ClaimAheadTests : IAsyncLifetime
{
    private const string Account = "ACC-HOT";
    private const int BatchSize = 10;
    private const int Batches = 6;
    private const string Held = "SELECT count(*) FROM recon_jobs WHERE status = 'processing'";

    private readonly TestDatabase _database = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _database.InitializeAsync();

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task The_next_batch_of_the_last_account_is_claimed_and_held_while_one_is_settled()
    {
        await using var worker = await StartAsync();
        await using var blocked = await BlockedAccount.HoldAsync(_database.Superuser, Account);

        var pass = RunOnceAsync(worker);
        await UntilTwoBatchesAreHeldAsync();
        await blocked.DisposeAsync();

        Assert.Equal(PassOutcome.Settled, await pass);
        await worker.SettleAllAsync(Cancel);
        Assert.Equal(1, await _database.ScalarAsync<int>("SELECT max(attempts) FROM recon_jobs"));
        await ShouldBeSettledInOrderAsync();
    }

    [Fact]
    public async Task Nothing_is_claimed_ahead_while_another_account_has_work()
    {
        await _database.QueueAsync([.. PaymentsInto("ACC-OTHER")]);
        await using var worker = await StartAsync();

        for (var batch = 1; batch < 2 * Batches; batch++)
        {
            Assert.Equal(0, await _database.ScalarAsync<int>(Held));
            Assert.Equal(PassOutcome.Settled, await RunOnceAsync(worker));
        }
    }

    [Fact]
    public async Task Work_of_other_accounts_is_seen_when_there_is_nothing_more_to_claim_ahead()
    {
        await using var worker = await StartAsync();
        for (var batch = 1; batch < Batches; batch++)
        {
            await RunOnceAsync(worker);
        }

        await _database.QueueAsync(new QueuedPayment("ACC-NEW", 100));

        Assert.Equal(PassOutcome.SettledAll, await RunOnceAsync(worker));
        await ShouldBeSettledInOrderAsync();
    }

    [Fact]
    public async Task What_was_claimed_behind_a_batch_that_failed_is_handed_back_and_settled_after_it()
    {
        await using var worker = await StartAsync();
        await using var blocked = await BlockedAccount.HoldAsync(_database.Superuser, Account);
        var pass = RunOnceAsync(worker);
        await UntilTwoBatchesAreHeldAsync();

        await EndSessionAsync(worker, "active");
        await blocked.DisposeAsync();

        await Assert.ThrowsAnyAsync<NpgsqlException>(() => pass);
        Assert.Equal(2 * BatchSize, await _database.ScalarAsync<int>(
            "SELECT count(*) FROM recon_jobs WHERE attempts = 1 AND status = 'pending' AND failures = 0"));
        await worker.SettleAllAsync(Cancel);
        await ShouldBeSettledInOrderAsync();
    }

    [Fact]
    public async Task What_was_claimed_ahead_by_a_session_that_was_lost_is_settled_in_its_turn()
    {
        await using var worker = await StartAsync();
        await using var blocked = await BlockedAccount.HoldAsync(_database.Superuser, Account);
        var pass = RunOnceAsync(worker);
        await UntilTwoBatchesAreHeldAsync();

        await EndSessionAsync(worker, "idle in transaction");
        await blocked.DisposeAsync();

        Assert.Equal(PassOutcome.Settled, await pass);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => RunOnceAsync(worker));
        Assert.Equal(0, await _database.ScalarAsync<int>(Held));
        await worker.SettleAllAsync(Cancel);
        await ShouldBeSettledInOrderAsync();
    }

    [Fact]
    public async Task What_was_claimed_ahead_is_settled_when_nothing_may_be_claimed_any_more()
    {
        await using var worker = await StartAsync();
        await RunOnceAsync(worker);

        Assert.Equal(BatchSize, await worker.Pass.EndAsync());

        Assert.Equal(0, await _database.ScalarAsync<int>(Held));
        Assert.Equal(3 * BatchSize, await _database.ScalarAsync<int>(
            "SELECT count(*) FROM recon_jobs WHERE status = 'completed' AND attempts = 1"));
    }

    [Fact]
    public async Task A_worker_that_is_told_to_stop_hands_back_what_it_claimed_ahead_too()
    {
        await using var worker = await StartAsync();

        Assert.Equal(
            PassOutcome.Nothing,
            await worker.Pass.RunOnceAsync(stopping: new CancellationToken(canceled: true), Cancel));

        Assert.Equal(2 * BatchSize, await _database.ScalarAsync<int>(
            "SELECT count(*) FROM recon_jobs WHERE attempts = 1 AND status = 'pending' AND failures = 0"));
    }

    [Fact]
    public async Task A_worker_that_ends_in_the_midst_of_its_work_holds_nothing()
    {
        await _database.QueueAsync([.. Enumerable.Range(1, 1_000).Select(i => new QueuedPayment(Account, i))]);
        await using (var worker = new WorkerProcess(_database, ("Worker:BatchSize", "1")))
        {
            worker.CreateClient().Dispose();
            await _database.UntilAsync("SELECT count(*) >= 10 FROM recon_jobs WHERE status = 'completed'");
        }

        Assert.Equal(0, await _database.ScalarAsync<int>(Held));
        Assert.True(await _database.ScalarAsync<bool>(
            "SELECT EXISTS (SELECT FROM recon_jobs WHERE status = 'pending')"));
        await using var other = new TestWorker(_database);
        await other.SettleAllAsync(Cancel);
        await ShouldBeSettledInOrderAsync();
    }

    private static Task<PassOutcome> RunOnceAsync(TestWorker worker) =>
        worker.Pass.RunOnceAsync(CancellationToken.None, Cancel);

    private static IEnumerable<QueuedPayment> PaymentsInto(string account) =>
        Enumerable.Range(1, Batches * BatchSize).Select(i => new QueuedPayment(account, i));

    /// <summary>A worker that has settled one batch of the account and looks everywhere only once a minute.</summary>
    private async Task<TestWorker> StartAsync()
    {
        await _database.QueueAsync([.. PaymentsInto(Account)]);
        var worker = new TestWorker(
            _database, options => (options.BatchSize, options.PollSeconds) = (BatchSize, 60));
        Assert.Equal(PassOutcome.Settled, await RunOnceAsync(worker));
        return worker;
    }

    private async Task EndSessionAsync(TestWorker worker, string state) =>
        Assert.Equal(1, await _database.ScalarAsync<int>("""
            SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity
            WHERE application_name = @Id AND state = @state
            """, new { worker.Identity.Id, state }));

    private async Task UntilTwoBatchesAreHeldAsync()
    {
        await _database.UntilAsync("""
            SELECT count(*) = 20 AND count(DISTINCT lease) = 2 FROM recon_jobs WHERE status = 'processing'
            """);
        await _database.UntilAsync("""
            SELECT count(*) = 0
            FROM (SELECT FROM recon_jobs WHERE status = 'processing' FOR UPDATE SKIP LOCKED) AS free
            """);
    }

    private async Task ShouldBeSettledInOrderAsync()
    {
        var amounts = await _database.PostedAmountsAsync(Account);
        Assert.Equal(amounts.Order(), amounts);
        Assert.Equal(0, await _database.ScalarAsync<int>("SELECT count(*) FROM payments WHERE status = 'pending'"));
        await Books.ShouldBeRightAsync(_database);
    }
}
