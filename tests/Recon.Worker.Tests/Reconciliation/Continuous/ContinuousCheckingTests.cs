using Dapper;
using Npgsql;
using Payments.Testing;
using Recon.Worker.Reconciliation.Continuous;

namespace Recon.Worker.Tests.Reconciliation.Continuous;

/// <summary>
/// Passes over what is new, and sweeps. The statistics that give a deletion away are told by the session that deletes.
/// </summary>
// One at a time with those that read the same metrics in this process.
[Collection(nameof(RunTests))]
public sealed class ContinuousCheckingTests : IAsyncLifetime
{
    private const string Place =
        " WHERE account_id = (SELECT id FROM accounts WHERE name = 'ACC-1') AND position = ";

    private readonly TestDatabase _database = new();
    private readonly ContinuousOptions _options = new() { SweepSeconds = 3_600 };
    private CheckingWorker _worker = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        _worker = new CheckingWorker(_database, _options, "checks");
        await SettleAsync(40);
        Assert.True(await _worker.CatchUpAsync(Cancel));
    }

    public async ValueTask DisposeAsync()
    {
        await _worker.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task A_pass_looks_at_what_is_new_and_at_nothing_else()
    {
        Assert.Equal(0, await _worker.Recent.RunOnceAsync(Cancel));
        await SettleAsync(7);

        Assert.Equal(14, await _worker.Recent.RunOnceAsync(Cancel));
        Assert.Equal(0, await _worker.Recent.RunOnceAsync(Cancel));
        Assert.False(await _worker.All.RunIfDueAsync(Cancel));
        Assert.Empty(await FoundAsync());
    }

    [Fact]
    public async Task What_an_open_transaction_wrote_is_looked_at_once_it_is_committed()
    {
        await using var slow = await _database.Superuser.OpenConnectionAsync(Cancel);
        await using var transaction = await slow.BeginTransactionAsync(Cancel);
        await slow.ExecuteAsync("SET LOCAL session_replication_role = replica");
        await slow.ExecuteAsync("UPDATE ledger_entries SET amount = amount + 1" + Place + "3");
        await SettleAsync(5);
        Assert.Equal(10, await _worker.Recent.RunOnceAsync(Cancel));
        await SettleAsync(5);
        Assert.Equal(10, await _worker.Recent.RunOnceAsync(Cancel));
        Assert.Empty(await FoundAsync());

        await transaction.CommitAsync(Cancel);
        await _worker.Recent.RunOnceAsync(Cancel);

        Assert.Contains("ledger_consistency amount_mismatch ACC-1 3", await FoundAsync());
    }

    [Theory]
    [InlineData("UPDATE ledger_entries SET amount = amount + 1" + Place + "3",
        "ledger_consistency amount_mismatch ACC-1 3")]
    [InlineData("UPDATE ledger_entries SET balance_after = balance_after - 5" + Place + "3",
        "ledger_consistency running_balance_mismatch ACC-1 3")]
    [InlineData("UPDATE ledger_entries SET balance_after = balance_after - 5" + Place + "10",
        "ledger_consistency running_balance_mismatch ACC-1 10")]
    [InlineData("UPDATE ledger_entries SET transaction_id = gen_random_uuid()" + Place + "3",
        "ledger_consistency orphan_entry ACC-1 3")]
    [InlineData("DELETE FROM ledger_entries" + Place + "3", "ledger_consistency missing_entry ACC-1 3")]
    public async Task An_old_entry_that_was_changed_or_deleted_is_named_by_the_next_pass(string error, string found)
    {
        await CorruptAsync(error);

        await _worker.Recent.RunOnceAsync(Cancel);

        Assert.Contains(found, await FoundAsync());
        Assert.True(await _worker.All.RunIfDueAsync(Cancel));
        var also = new[] { found, "account_balance balance_mismatch ACC-1" };
        Assert.All(await FoundAsync(), one => Assert.Contains(one, also));
    }

    [Fact]
    public async Task An_entry_of_more_than_an_account_can_hold_is_named()
    {
        await CorruptAsync(
            "UPDATE ledger_entries SET amount = -9223372036854775807, balance_after = 9223372036854775807"
            + Place + "3");

        await _worker.Recent.RunOnceAsync(Cancel);

        Assert.Contains("ledger_consistency amount_mismatch ACC-1 3", await FoundAsync());
    }

    // Nothing else gives it away: they sum to zero, no row was changed, and the account's last entry is right.
    [Fact]
    public async Task A_new_entry_that_does_not_go_on_from_another_new_one_is_named()
    {
        await CorruptAsync("""
            INSERT INTO ledger_entries
                (account_id, position, amount, balance_after, created_at, transaction_id, currency)
            SELECT account.id, account.position + number, CASE number % 2 WHEN 0 THEN -5 ELSE 5 END,
                account.balance + number % 2 * 5 + CASE number WHEN 2 THEN 7 ELSE 0 END, now(),
                '01900000-0000-7000-8000-000000000000', 'USD'
            FROM accounts AS account
            CROSS JOIN generate_series(1, 6) AS number
            WHERE account.name = 'ACC-1'
            """);
        await _worker.Recent.RunOnceAsync(Cancel);

        Assert.Contains("ledger_consistency running_balance_mismatch ACC-1 12", await FoundAsync());
    }

    // What a session did within a second of its last report to the statistics it tells ten seconds later, if idle.
    [Theory]
    [InlineData("DELETE FROM ledger_entries" + Place + "3", "ledger_consistency missing_entry ACC-1 3")]
    [InlineData("DELETE FROM ledger_transactions WHERE id = (SELECT transaction_id FROM ledger_entries" + Place + "3)",
        "ledger_consistency orphan_entry ACC-1 3")]
    public async Task What_a_session_deleted_that_stays_open_is_looked_for_by_the_next_pass(string error, string found)
    {
        var server = await TestServer.ConnectionStringAsync(_database.Name);
        server.Pooling = false;
        await using var connection = new NpgsqlConnection(server.ConnectionString);
        await connection.OpenAsync(Cancel);
        await connection.ExecuteAsync("SET session_replication_role = replica");
        await connection.ExecuteAsync(error);

        await _worker.Recent.RunOnceAsync(Cancel);

        Assert.True(await _worker.All.RunIfDueAsync(Cancel));
        Assert.Contains(found, await FoundAsync());
    }

    [Fact]
    public async Task Entries_are_counted_only_while_somebody_is_connected_who_may_delete_them()
    {
        var server = await TestServer.ConnectionStringAsync(_database.Name);
        server.Pooling = false;
        var reader = new NpgsqlConnectionStringBuilder(server.ConnectionString)
        {
            Username = "reader_of_" + _database.Name,
            Password = "reader",
        };
        await _database.ExecuteAsync($"CREATE ROLE {reader.Username} LOGIN PASSWORD '{reader.Password}'");
        try
        {
            _database.Superuser.Clear();
            await using var service = await _database.App.OpenConnectionAsync(Cancel);
            await using (var reading = new NpgsqlConnection(reader.ConnectionString))
            {
                await reading.OpenAsync(Cancel);

                // The superuser's last session may still be ending.
                await Conditions.UntilAsync(
                    async () => await new LedgerTally().CountAsync(service, blocks: 1, Cancel) is null);
            }

            await using var deleting = new NpgsqlConnection(server.ConnectionString);
            await deleting.OpenAsync(Cancel);

            Assert.Equal(new LedgerSums(0, 0, 0), await new LedgerTally().CountAsync(service, blocks: 1, Cancel));
        }
        finally
        {
            // Of the whole server, not of the database.
            await _database.ExecuteAsync($"DROP ROLE {reader.Username}");
        }
    }

    [Fact]
    public async Task What_was_deleted_and_is_known_asks_for_no_sweep_again()
    {
        await CorruptAsync("DELETE FROM ledger_entries" + Place + "3");
        await _worker.Recent.RunOnceAsync(Cancel);
        Assert.True(await _worker.All.RunIfDueAsync(Cancel));

        await _worker.Recent.RunOnceAsync(Cancel);

        Assert.False(await _worker.All.RunIfDueAsync(Cancel));
    }

    [Fact]
    public async Task The_sweep_finds_what_leaves_no_trace_in_new_entries()
    {
        await CorruptAsync("UPDATE accounts SET balance = balance + 1 WHERE name = 'ACC-2'");
        await _worker.Recent.RunOnceAsync(Cancel);
        Assert.Empty(await FoundAsync());

        (_options.SweepSeconds, _options.SweepShare) = (0, 1);
        Assert.True(await _worker.All.RunIfDueAsync(Cancel));

        Assert.Equal(["account_balance balance_mismatch ACC-2"], await FoundAsync());
    }

    [Fact]
    public async Task An_account_that_is_touched_is_compared_with_its_entries()
    {
        await CorruptAsync("UPDATE accounts SET balance = balance + 1 WHERE name = 'ACC-1'");
        await SettleAsync(4);

        await _worker.Recent.RunOnceAsync(Cancel);

        Assert.Contains(await FoundAsync(), one => one.Contains("ACC-1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_break_that_stays_is_one_sighting_however_often_it_is_looked_at()
    {
        await CorruptAsync("UPDATE ledger_entries SET balance_after = balance_after - 5" + Place + "3");
        (_options.SweepSeconds, _options.SweepShare) = (0, 1);
        await _worker.Recent.RunOnceAsync(Cancel);
        await _worker.All.RunIfDueAsync(Cancel);
        var sightings = await SightingsAsync();

        for (var i = 0; i < 5; i++)
        {
            await _worker.Recent.RunOnceAsync(Cancel);
            Assert.True(await _worker.All.RunIfDueAsync(Cancel));
        }

        Assert.Equal(sightings, await SightingsAsync());
        Assert.InRange(sightings, 1, 2);
    }

    [Fact]
    public async Task A_break_that_was_repaired_is_closed_by_itself()
    {
        await CorruptAsync("UPDATE ledger_entries SET balance_after = balance_after - 5" + Place + "3");
        await _worker.Recent.RunOnceAsync(Cancel);
        await _worker.All.RunIfDueAsync(Cancel);
        Assert.Equal(["ledger_consistency running_balance_mismatch ACC-1 3"], await FoundAsync());

        await CorruptAsync("UPDATE ledger_entries SET balance_after = balance_after + 5" + Place + "3");
        await _worker.Recent.RunOnceAsync(Cancel);
        Assert.True(await _worker.All.RunIfDueAsync(Cancel));

        Assert.Empty(await FoundAsync());
    }

    [Fact]
    public async Task What_one_worker_reported_another_sees_gone_and_the_first_reports_again()
    {
        (_options.SweepSeconds, _options.SweepShare) = (0, 1);
        await using var other = new CheckingWorker(_database, _options, "other");
        Assert.True(await other.All.RunIfDueAsync(Cancel));
        await CorruptAsync("UPDATE ledger_entries SET balance_after = balance_after - 5" + Place + "3");
        await _worker.Recent.RunOnceAsync(Cancel);
        await _worker.All.RunIfDueAsync(Cancel);
        Assert.Single(await FoundAsync());

        await CorruptAsync("UPDATE ledger_entries SET balance_after = balance_after + 5" + Place + "3");
        Assert.True(await other.All.RunIfDueAsync(Cancel));
        Assert.Empty(await FoundAsync());

        await CorruptAsync("UPDATE ledger_entries SET balance_after = balance_after - 5" + Place + "3");
        await _worker.Recent.RunOnceAsync(Cancel);
        Assert.Single(await FoundAsync());
    }

    // The pass finds the entry, the sweep the row of an account that rests.
    [Fact]
    public async Task What_a_worker_with_a_clock_ahead_saw_is_seen_gone_by_the_others()
    {
        await using var ahead = new CheckingWorker(_database, _options, "ahead", TimeSpan.FromDays(1));
        await CorruptAsync("UPDATE ledger_entries SET balance_after = balance_after - 5" + Place + "3");
        await CorruptAsync("UPDATE accounts SET balance = balance + 1 WHERE name = 'ACC-2'");
        await ahead.Recent.RunOnceAsync(Cancel);
        Assert.True(await ahead.All.RunIfDueAsync(Cancel));
        Assert.Equal(
            ["account_balance balance_mismatch ACC-2", "ledger_consistency running_balance_mismatch ACC-1 3"],
            await FoundAsync());

        await CorruptAsync("UPDATE accounts SET balance = balance - 1 WHERE name = 'ACC-2'");
        await CorruptAsync("UPDATE ledger_entries SET balance_after = balance_after + 5" + Place + "3");
        await _worker.Recent.RunOnceAsync(Cancel);
        Assert.True(await _worker.All.RunIfDueAsync(Cancel));

        Assert.Empty(await FoundAsync());
    }

    [Fact]
    public async Task A_rewritten_table_is_swept_as_a_whole()
    {
        await _database.ExecuteAsync("VACUUM FULL ledger_entries");

        await _worker.Recent.RunOnceAsync(Cancel);

        Assert.True(await _worker.All.RunIfDueAsync(Cancel));
        await SettleAsync(2);
        Assert.Equal(4, await _worker.Recent.RunOnceAsync(Cancel));
        Assert.Empty(await FoundAsync());
    }

    [Fact]
    public async Task The_running_loop_reports_a_changed_entry_within_five_seconds()
    {
        _options.IntervalSeconds = 2;
        using var loop = _worker.CreateLoop();
        await loop.StartAsync(Cancel);
        await CorruptAsync("UPDATE ledger_entries SET amount = amount + 1" + Place + "3");
        var started = TimeProvider.System.GetTimestamp();

        await _database.UntilAsync("""
            SELECT EXISTS (
                SELECT FROM reconciliation_exceptions
                WHERE check_type = 'ledger_consistency' AND kind = 'amount_mismatch'
            )
            """);

        Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(5));
        await loop.StopAsync(Cancel);
    }

    private Task SettleAsync(int payments) => CheckingWorker.SettleAsync(_database, payments, Cancel);

    private Task CorruptAsync(string error) => _database.CorruptAsync(error);

    private Task<IReadOnlyList<string>> FoundAsync() => _database.FoundAsync();

    private Task<long> SightingsAsync() => _database.ScalarAsync<long>(
        "SELECT coalesce(max(sightings), 0) FROM reconciliation_exceptions WHERE check_type = 'ledger_consistency'");
}
