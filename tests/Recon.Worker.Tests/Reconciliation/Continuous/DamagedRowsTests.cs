using Payments.Testing;
using Recon.Worker.Reconciliation.Continuous;

namespace Recon.Worker.Tests.Reconciliation.Continuous;

/// <summary>What damaged rows do to the checking itself: nothing. They are what it is there to report.</summary>
// One at a time with those that read the same metrics in this process.
[Collection(nameof(RunTests))]
public sealed class DamagedRowsTests : IAsyncLifetime
{
    private readonly TestDatabase _database = new();
    private readonly ContinuousOptions _options = new() { IntervalSeconds = 0.05, SweepSeconds = 3_600 };
    private CheckingWorker _worker = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        _worker = new CheckingWorker(_database, _options, "checks");
        await CheckingWorker.SettleAsync(_database, 12, Cancel);
        Assert.True(await _worker.CatchUpAsync(Cancel));
    }

    public async ValueTask DisposeAsync()
    {
        await _worker.DisposeAsync();
        await _database.DisposeAsync();
    }

    // The ledger is counted while somebody is connected who may delete from it.
    [Fact]
    public async Task Positions_that_add_up_to_more_than_a_number_holds_end_no_pass()
    {
        await using var superuser = await _database.Superuser.OpenConnectionAsync(Cancel);
        await _database.CorruptAsync("UPDATE accounts SET position = 9223372036854775807 WHERE name LIKE 'clearing/%'");
        await _database.CorruptAsync("""
            UPDATE ledger_entries
            SET amount = amount + 1
            WHERE account_id = (SELECT id FROM accounts WHERE name = 'ACC-1') AND position = 2
            """);

        await _worker.Recent.RunOnceAsync(Cancel);

        Assert.Contains("ledger_consistency amount_mismatch ACC-1 2", await _database.FoundAsync());
    }

    // They sum to zero, and each is the first of its account.
    [Fact]
    public async Task Entries_of_accounts_that_do_not_exist_are_named_by_the_next_pass_and_by_the_sweep()
    {
        await _database.CorruptAsync("""
            INSERT INTO ledger_entries
                (account_id, position, amount, balance_after, created_at, transaction_id, currency)
            SELECT side.account, 1, side.amount, side.amount, now(), '01900000-0000-7000-8000-000000000000', 'USD'
            FROM (VALUES (-1, 5), (1000000, -5)) AS side (account, amount)
            """);
        string[] orphans = ["ledger_consistency orphan_entry 1", "ledger_consistency orphan_entry 1"];

        await _worker.Recent.RunOnceAsync(Cancel);
        Assert.Equal(orphans, await _database.FoundAsync());

        Assert.True(await _worker.All.RunIfDueAsync(Cancel));
        Assert.Equal(orphans, await _database.FoundAsync());
    }

    [Fact]
    public async Task A_clock_that_was_set_back_keeps_nobody_from_checking()
    {
        (_options.SweepSeconds, _options.SweepShare) = (0, 1);
        await _database.ExecuteAsync("""
            UPDATE continuous_checks
            SET passed_at = now() + interval '1 day', sweep_ended_at = now() + interval '1 day'
            """);

        Assert.Null(await _worker.Recent.RunIfDueAsync(TimeSpan.FromSeconds(2), Cancel));
        Assert.True(await _worker.All.RunIfDueAsync(Cancel));

        Assert.NotNull(await _worker.Recent.RunIfDueAsync(TimeSpan.FromHours(1), Cancel));
    }

    [Fact]
    public async Task The_loop_goes_on_when_a_sweep_ends_with_an_error_of_whatever_sort()
    {
        (_options.SweepSeconds, _options.SweepShare) = (0, 1);
        await _database.ExecuteAsync("UPDATE continuous_checks SET sweep_milliseconds = 9223372036854775807");
        var logger = new SignalLogger<ContinuousChecking>();
        using var loop = _worker.CreateLoop(logger);
        await loop.StartAsync(Cancel);
        await logger.Logged.WaitAsync(TimeSpan.FromMinutes(1), Cancel);
        var repaired = await _database.ScalarAsync<DateTime>("SELECT clock_timestamp()");

        await _database.ExecuteAsync("UPDATE continuous_checks SET sweep_milliseconds = 0");

        await _database.UntilAsync("SELECT sweep_ended_at > @repaired FROM continuous_checks", new { repaired });
        await loop.StopAsync(Cancel);
    }
}
