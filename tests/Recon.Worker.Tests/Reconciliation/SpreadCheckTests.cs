using Dapper;
using Npgsql;
using Payments.Testing;
using Recon.Worker.Reconciliation;
using Recon.Worker.Reconciliation.Checks;

namespace Recon.Worker.Tests.Reconciliation;

/// <summary>
/// Checks that walk through the ledger see each window at its own moment, and payments are settled in between.
/// </summary>
public sealed class SpreadCheckTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    // Most of the time it rests, and each rest is an occasion for others.
    private static readonly CheckPace Slow = new(0.001, 0.001);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("ledger_consistency")]
    [InlineData("account_balance")]
    [InlineData("deposits")]
    [InlineData("conversion_jobs")]
    [InlineData("withdrawals")]
    public async Task No_row_version_is_kept_while_a_check_rests(string checkType)
    {
        var seen = new List<string>();
        await SettleAsync(database);

        await CheckAsync(checkType, async session => seen.Add(await database.ScalarAsync<string>(
            "SELECT state || ' ' || coalesce(backend_xmin::text, 'free') FROM pg_stat_activity WHERE pid = @session",
            new { session })));

        Assert.NotEmpty(seen);
        Assert.All(seen, state => Assert.Equal("idle free", state));
    }

    [Theory]
    [InlineData("ledger_consistency")]
    [InlineData("account_balance")]
    public async Task What_is_settled_between_its_windows_is_no_break(string checkType)
    {
        await using var worker = new TestWorker(database);
        await SettleAsync(database, worker);
        var settled = 0;

        var result = await CheckAsync(checkType, async _ =>
        {
            await SettleAsync(database, worker);
            settled++;
        });

        Assert.True(settled >= 3, $"Hardly anything was settled meanwhile: {settled}");
        Assert.Empty(result.Breaks.Select(found => found.Description));
        Assert.Equal(0, Assert.Single(result.Totals).Difference);
    }

    [Theory]
    [InlineData("deposits")]
    [InlineData("conversion_jobs")]
    [InlineData("withdrawals")]
    public async Task Flows_that_end_between_its_windows_are_no_break(string checkType)
    {
        await using var books = new TestDatabase();
        await books.InitializeAsync();
        var ended = 0;

        var result = await CheckAsync(
            checkType,
            async _ =>
            {
                await books.DepositAsync("ACC-1", 5_000_000, Cancel);
                await books.ConvertAsync("ACC-1", 1_000_000, 99, Cancel);
                await books.WithdrawAsync("ACC-1", 7, "completed", Cancel);
                await books.WithdrawAsync("ACC-1", 8, "failed", Cancel);
                ended++;
            },
            books);

        Assert.True(ended >= 3, $"Hardly any ended meanwhile: {ended}");
        Assert.Empty(result.Breaks.Select(found => found.Description));
        Assert.All(result.Totals, total => Assert.Equal(0, total.Difference));
    }

    [Fact]
    public async Task Entries_are_counted_as_at_the_moment_at_which_it_began()
    {
        await using var worker = new TestWorker(database);

        // An older transaction that is still open: what was written since is seen one by one.
        await using var open = await database.App.OpenConnectionAsync(Cancel);
        await using var transaction = await open.BeginTransactionAsync(Cancel);
        await open.ExecuteAsync("SELECT pg_current_xact_id()");
        await SettleAsync(database, worker);
        var (entries, debits) = (await database.QueryAsync<(long, decimal)>(
            "SELECT count(*), -sum(amount) FILTER (WHERE amount < 0) FROM ledger_entries")).Single();

        var result = await CheckAsync("ledger_consistency", _ => SettleAsync(database, worker));

        Assert.Equal(entries, result.ItemsChecked);
        Assert.Equal(new CheckTotal("USD", debits, debits), Assert.Single(result.Totals));
    }

    [Fact]
    public async Task The_same_breaks_are_found_while_payments_are_settled_as_at_rest()
    {
        await using var books = new TestDatabase();
        await books.InitializeAsync();
        await using var worker = new TestWorker(books);
        await SettleAsync(books, worker);
        await books.QueueAsync(new QueuedPayment("ACC-3", 9_00));
        await worker.SettleAllAsync(Cancel);
        await books.ExecuteAsync("""
            SET session_replication_role = replica;
            UPDATE ledger_entries SET transaction_id = gen_random_uuid()
            WHERE position = 1 AND account_id = (SELECT id FROM accounts WHERE name = 'ACC-1');
            UPDATE accounts SET balance = balance + 7 WHERE name = 'ACC-3';
            RESET session_replication_role
            """);
        foreach (var check in ChecksOfEntries(TimeProvider.System, CheckPace.Hurried))
        {
            var atRest = await ReadAsync(books, check);

            var meanwhile = await CheckAsync(check.CheckType, _ => SettleAsync(books, worker), books);

            Assert.NotEmpty(atRest.Breaks);
            Assert.Equal(atRest.Breaks.Select(found => found.Key), meanwhile.Breaks.Select(found => found.Key));
        }
    }

    [Fact]
    public async Task It_cannot_write_and_leaves_the_session_as_it_was()
    {
        await using var connection = await database.App.OpenConnectionAsync(Cancel);
        var before = await SettingsAsync(connection);

        var writes = new ScriptedCheck("ledger_consistency", async (session, cancel) =>
        {
            await session.ExecuteAsync(
                new CommandDefinition("UPDATE accounts SET balance = 0", cancellationToken: cancel));
            return Results.Fine;
        })
        {
            NeedsOneMoment = false,
        };
        var refusal = await Assert.ThrowsAsync<PostgresException>(
            () => CheckTurn.ReadAsync(connection, writes, Cancel));
        Assert.Equal(PostgresErrorCodes.ReadOnlySqlTransaction, refusal.SqlState);

        await connection.ExecuteAsync("RESET ALL");
        await CheckTurn.ReadAsync(connection, new LedgerConsistency(CheckPace.Hurried, TimeProvider.System), Cancel);
        Assert.Equal(before, await SettingsAsync(connection));
    }

    private static async Task<List<string>> SettingsAsync(NpgsqlConnection connection) =>
        (await connection.QueryAsync<string>("SELECT name || '=' || setting FROM pg_settings ORDER BY name")).AsList();

    private Task<CheckResult> CheckAsync(string checkType, Func<int, Task> between) =>
        CheckAsync(checkType, between, database);

    // Meanwhile happens at each rest of the check, which lasts until it is over.
    private static async Task<CheckResult> CheckAsync(string checkType, Func<int, Task> between, TestDatabase books)
    {
        await using var connection = await books.App.OpenConnectionAsync(Cancel);
        var clock = new OccasionClock(() => between(connection.ProcessID));
        var result = await CheckTurn.ReadAsync(
            connection, Checks(clock, Slow).Single(check => check.CheckType == checkType), Cancel);
        await clock.ShouldHaveWorked();
        return result;
    }

    private static async Task<CheckResult> ReadAsync(TestDatabase books, IReconciliationCheck check)
    {
        await using var connection = await books.App.OpenConnectionAsync(Cancel);
        return await CheckTurn.ReadAsync(connection, check, Cancel);
    }

    private static IReconciliationCheck[] Checks(TimeProvider clock, CheckPace pace) =>
    [
        .. ChecksOfEntries(clock, pace), new Deposits(pace, clock), new ConversionJobs(pace, clock),
        new Withdrawals(pace, clock),
    ];

    private static IReconciliationCheck[] ChecksOfEntries(TimeProvider clock, CheckPace pace) =>
        [new LedgerConsistency(pace, clock), new AccountBalance(pace, clock)];

    private static async Task SettleAsync(TestDatabase books)
    {
        await using var worker = new TestWorker(books);
        await SettleAsync(books, worker);
    }

    private static async Task SettleAsync(TestDatabase books, TestWorker worker)
    {
        await books.QueueAsync([
            new QueuedPayment("ACC-1", 12_00), new QueuedPayment("ACC-2", 7_50),
            new QueuedPayment("ACC-1", 3_00, "USD", "ACC-2"),
        ]);
        await worker.SettleAllAsync(Cancel);
    }

    /// <summary>
    /// A clock on which no time passes: whoever waits is woken when what the test does meanwhile is done.
    /// </summary>
    private sealed class OccasionClock(Func<Task> meanwhile) : TimeProvider
    {
        private readonly List<Task> _occasions = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _occasions.Add(Task.Run(async () =>
            {
                try
                {
                    await meanwhile();
                }
                finally
                {
                    callback(state);
                }
            }));
            return new Timer(static _ => { }, null, Timeout.Infinite, Timeout.Infinite);
        }

        public Task ShouldHaveWorked() => Task.WhenAll(_occasions);
    }
}
