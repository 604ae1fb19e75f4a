using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Payments.Ledger;
using Payments.Ledger.Audit;
using Payments.Ledger.Conversions;
using Payments.Ledger.Duties;
using Payments.Ledger.Jobs;
using Payments.Testing;
using Recon.Worker.Conversions;
using Recon.Worker.Duties;

namespace Recon.Worker.Tests.Conversions;

/// <summary>Conversions as duties, executed by workers of which some die or come too late.</summary>
public sealed class ExecuteConversionTests : IAsyncLifetime
{
    private readonly TestDatabase _database = new();
    private readonly DutyOptions _options = new() { LeaseSeconds = 30, RetryDelaySeconds = 0.001 };
    private DutySessions _sessions = null!;
    private HeldDuties _held = null!;
    private Notifier _changes = null!;
    private ExecuteConversion _execute = null!;
    private RunDuty _run = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        _sessions = DutySessions.Create(_database.AppConnectionString, _ => { });
        var clock = TimeProvider.System;
        _held = new HeldDuties(_sessions, WorkerIdentity.Create(clock), _options, new Random(1));
        _changes = new Notifier(
            _database.App, Database.ChangesChannel, TimeSpan.Zero, clock, NullLogger<Notifier>.Instance);
        _execute = new ExecuteConversion(_sessions, new AuditLog(clock), _changes);
        _run = new RunDuty(_held, _options, clock, NullLogger<RunDuty>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        _changes.Dispose();
        await _sessions.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task A_conversion_that_cannot_be_paid_fails_and_posts_nothing()
    {
        await PayAsync(new QueuedPayment("POOR", 999_999, "USDC"));
        var id = await RecordAsync("POOR", 1_000_000, 100);

        await RunAllAsync();

        Assert.Equal("failed insufficient_funds", await OutcomeAsync(id));
        Assert.Equal("completed", await DutyStatusAsync(id));
        await Books.ShouldBeRightAsync(_database);
    }

    [Fact]
    public async Task What_queued_transfers_will_take_is_not_converted()
    {
        await PayAsync(new QueuedPayment("PROMISED", 1_000_000, "USDC"));
        await _database.QueueAsync(new QueuedPayment("OTHER", 1, "USDC", "PROMISED"));
        var id = await RecordAsync("PROMISED", 1_000_000, 100);

        await RunAllAsync();

        Assert.Equal("failed insufficient_funds", await OutcomeAsync(id));
    }

    [Fact]
    public async Task A_worker_that_dies_after_its_commit_leaves_a_conversion_that_is_executed_once()
    {
        await PayAsync(new QueuedPayment("DIES", 2_000_000, "USDC"));
        var id = await RecordAsync("DIES", 1_000_000, 100);
        var dying = (await _held.ClaimAsync([ConversionDuty.Kind], Cancel))!;
        await _execute.RunAsync(dying, Cancel);

        await EndLeasesAsync();
        await RunAllAsync();

        Assert.Equal("completed ", await OutcomeAsync(id));
        Assert.Equal(1_000_000L, await BalanceAsync("DIES", "USDC"));
        Assert.Equal(100L, await BalanceAsync("DIES", "USD"));
        await Books.ShouldBeRightAsync(_database);
    }

    [Fact]
    public async Task A_worker_whose_lease_is_over_writes_nothing()
    {
        await PayAsync(new QueuedPayment("LATE", 1_000_000, "USDC"));
        var id = await RecordAsync("LATE", 1_000_000, 100);
        var late = (await _held.ClaimAsync([ConversionDuty.Kind], Cancel))!;
        await EndLeasesAsync();

        await Assert.ThrowsAsync<DutyLostException>(() => _execute.RunAsync(late, Cancel));
        Assert.Equal("pending ", await OutcomeAsync(id));

        await RunAllAsync();
        Assert.Equal("completed ", await OutcomeAsync(id));
        await Books.ShouldBeRightAsync(_database);
    }

    [Fact]
    public async Task A_conversion_that_can_never_be_executed_fails_when_its_duty_is_buried()
    {
        await PayAsync(new QueuedPayment("TAKEN", 1_000_000, "USDC"), new QueuedPayment("TAKEN", 1));
        var id = await RecordAsync("TAKEN", 1_000_000, 100);
        await _database.ExecuteAsync(
            "UPDATE accounts SET balance = 9223372036854775807 WHERE name = 'TAKEN' AND currency = 'USD'");

        for (var tries = 0; tries < 10; tries++)
        {
            await _database.ExecuteAsync("UPDATE duties SET available_at = clock_timestamp()");
            await RunAllAsync();
        }

        Assert.Equal("dead", await DutyStatusAsync(id));
        Assert.Equal("failed not_executable", await OutcomeAsync(id));
        Assert.Equal(
            0L,
            await _database.ScalarAsync<long>("SELECT count(*) FROM ledger_transactions WHERE id = @id", new { id }));
    }

    [Fact]
    public async Task Conversions_and_settlements_of_the_same_accounts_wait_for_each_other_and_all_end()
    {
        string[] names = ["X", "Y", "Z"];
        await PayAsync([
            .. names.SelectMany(name => new[]
            {
                new QueuedPayment(name, 1_000_000_000, "USDC"), new QueuedPayment(name, 1_000_000),
            }),
        ]);
        var payments = Enumerable.Range(0, 300).Select(i => new QueuedPayment(
            names[i % 3], 1 + i, i % 2 == 0 ? "USD" : "USDC", names[(i + 1 + (i % 2)) % 3])).ToList();
        await _database.QueueAsync(payments);
        for (var i = 0; i < 60; i++)
        {
            await RecordAsync(names[i % 3], 10_000 * (i + 1), i + 1);
        }

        await Task.WhenAll(
            TestWorker.RaceAsync(_database, 2, _ => 20, Cancel), RunAllAsync(), RunAllAsync(), RunAllAsync());
        await RunAllAsync();

        Assert.Equal(
            60L, await _database.ScalarAsync<long>("SELECT count(*) FROM conversion_jobs WHERE status = 'completed'"));
        Assert.Equal(0L, await _database.ScalarAsync<long>("SELECT sum(failures) FROM duties"));
        Assert.Equal(
            0L, await _database.ScalarAsync<long>("SELECT coalesce(sum(amount), 0)::bigint FROM ledger_entries"));
        await Books.ShouldBeRightAsync(_database);
    }

    private async Task PayAsync(params IReadOnlyList<QueuedPayment> payments)
    {
        await _database.QueueAsync(payments);
        await TestWorker.RaceAsync(_database, 1, _ => 100, Cancel);
    }

    // As the API does, in one transaction.
    private async Task<Guid> RecordAsync(string account, long usdc, long usd)
    {
        var id = Guid.CreateVersion7();
        await using var connection = await _database.App.OpenConnectionAsync(Cancel);
        await using var transaction = await connection.BeginTransactionAsync(Cancel);
        await using var insert = new NpgsqlCommand(
            """
            INSERT INTO conversion_jobs (id, account_name, usdc_amount, usd_amount, created_at)
            VALUES ($1, $2, $3, $4, now())
            """,
            connection)
        {
            Parameters =
            {
                new() { Value = id }, new() { Value = account }, new() { Value = usdc }, new() { Value = usd },
            },
        };
        await insert.ExecuteNonQueryAsync(Cancel);
        await DutyTable.AddAsync(connection, new NewDuty(id, ConversionDuty.Kind, new ConversionDuty(id)), Cancel);
        await transaction.CommitAsync(Cancel);
        return id;
    }

    private async Task RunAllAsync()
    {
        while (await _held.ClaimAsync([ConversionDuty.Kind], Cancel) is { } duty)
        {
            await _run.ExecuteAsync(duty, _execute, CancellationToken.None);
        }
    }

    private Task EndLeasesAsync() => _database.ExecuteAsync(
        "UPDATE duties SET available_at = clock_timestamp() WHERE status = 'processing'");

    private Task<string> DutyStatusAsync(Guid id) =>
        _database.ScalarAsync<string>("SELECT status FROM duties WHERE id = @id", new { id });

    private Task<string> OutcomeAsync(Guid id) => _database.ScalarAsync<string>(
        "SELECT status || ' ' || coalesce(failure_reason, '') FROM conversion_jobs WHERE id = @id", new { id });

    private Task<long> BalanceAsync(string name, string currency) => _database.ScalarAsync<long>(
        "SELECT balance FROM accounts WHERE name = @name AND currency = @currency", new { name, currency });
}
