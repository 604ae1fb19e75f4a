using System.Data;
using Microsoft.Extensions.Logging.Abstractions;
using Payments.Ledger.Audit;
using Payments.Ledger.Reconciliation;
using Payments.Ledger.Reconciliation.Corrections;
using Payments.Testing;
using Recon.Worker.Reconciliation;
using Recon.Worker.Reconciliation.Corrections;
using Recon.Worker.Tests.Duties;

namespace Recon.Worker.Tests.Reconciliation.Corrections;

public sealed class CorrectLowSeverityTests : IAsyncLifetime
{
    private readonly TestDatabase _database = new();
    private readonly CorrectionTelemetry _telemetry = new();
    private readonly CorrectionOptions _limits = new();
    private readonly AuditLog _audit = new(TimeProvider.System);
    private TestDuties _worker = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        _worker = new TestDuties(_database);
    }

    public async ValueTask DisposeAsync()
    {
        _telemetry.Dispose();
        await _worker.DisposeAsync();
        await _database.DisposeAsync();
    }

    // What the row of each flow says is moved by a little, so its entries are short, or too much, by that.
    [Theory]
    [InlineData("deposits", "amount", 400_000)]
    [InlineData("deposits", "amount", -400_000)]
    [InlineData("conversion_jobs", "usdc_amount", 300_000)]
    [InlineData("conversion_jobs", "usd_amount", 40)]
    [InlineData("conversion_jobs", "usd_amount", -40)]
    [InlineData("withdrawals", "amount", 25)]
    [InlineData("withdrawals", "amount", -25)]
    public async Task A_remainder_is_posted_and_the_check_of_the_whole_agrees_after_it(
        string table, string column, long difference)
    {
        await _database.DepositAsync("ACC", 500_000_000, Cancel);
        await _database.ConvertAsync("ACC", 100_000_000, 99_50, Cancel);
        var closing = new[] { "reserved", "completed", "failed" };
        foreach (var status in closing)
        {
            await _database.WithdrawAsync("ACC", 5_00, status, Cancel);
        }

        var sums = await SumsAsync();
        await _database.ExecuteAsync(
            $"UPDATE {table} SET {column} = {column} + @difference", new { difference });
        var report = await RecordAsync(await CheckAsync(table));

        await CorrectAsync(report);

        var after = await CheckAsync(table);
        Assert.Empty(after.Breaks);
        Assert.All(after.Totals, total => Assert.Equal(total.Expected, total.Actual));
        foreach (var exception in await _database.QueryAsync<Guid>("SELECT id FROM reconciliation_exceptions"))
        {
            Assert.Equal("auto_corrected: adjustment_posted", await _database.StoryAsync(exception));
        }

        // Both sides were short, so nothing is left over in suspense; and every balance is the sum of its entries.
        Assert.Equal(
            [0L], (await _database.QueryAsync<long>("SELECT DISTINCT balance FROM accounts WHERE name = 'suspense'")));
        Assert.Empty((await CheckAsync("account_balance")).Breaks);
        Assert.Empty((await CheckAsync("ledger_consistency")).Breaks);

        foreach (var adjustment in await _database.QueryAsync<Guid>("SELECT id FROM reconciliation_adjustments"))
        {
            await UndoAsync(adjustment);
        }

        Assert.Equal(sums, await SumsAsync());
        Assert.Equal(
            await _database.ScalarAsync<long>("SELECT count(*) FROM reconciliation_exceptions WHERE status = 'open'"),
            (await CheckAsync(table)).Breaks.Count);
    }

    [Fact]
    public async Task Where_the_other_side_is_right_the_remainder_stays_in_suspense()
    {
        // The transaction itself does not balance, which is another break: usdc_buffer gave all, the account got less.
        var (_, deposit) = await _database.PlantDepositAsync("ACC", 10_400_000, 10_400_000);
        await _database.ExecuteAsync("""
            SET session_replication_role = replica;
            UPDATE ledger_entries SET amount = amount - 400000, balance_after = balance_after - 400000
            WHERE transaction_id = @deposit AND amount > 0;
            UPDATE accounts SET balance = balance - 400000 WHERE name = 'ACC';
            RESET session_replication_role
            """, new { deposit });
        await _database.ExecuteAsync("UPDATE reconciliation_exceptions SET assignee = NULL");
        var report = await SightAllAsync();

        await CorrectAsync(report);

        Assert.Empty((await CheckAsync("deposits")).Breaks);
        Assert.Equal(-400_000, await BalanceAsync("suspense"));
        Assert.Equal(-10_400_000, await BalanceAsync("usdc_buffer"));
        Assert.Equal(
            1, await _database.ScalarAsync<long>("SELECT count(*) FROM ledger_transactions WHERE corrects = @deposit",
                new { deposit }));
    }

    [Theory]
    [InlineData("UPDATE reconciliation_exceptions SET severity = 'medium'")]
    [InlineData("UPDATE reconciliation_exceptions SET assignee = 'somebody'")]
    [InlineData("UPDATE reconciliation_exceptions SET status = 'acknowledged'")]
    [InlineData("UPDATE reconciliation_exceptions SET status = 'closed', resolved_at = now(), gone_at = now()")]
    public async Task What_is_not_low_or_not_left_to_the_service_is_not_touched(string change)
    {
        await _database.PlantDepositAsync("ACC", 10_400_000, 10_000_000);
        await _database.ExecuteAsync(change);

        await CorrectAsync(await SightAllAsync());

        Assert.Equal(0, await _database.ScalarAsync<long>("SELECT count(*) FROM reconciliation_adjustments"));
    }

    [Fact]
    public async Task Nothing_is_corrected_when_that_is_switched_off()
    {
        await _database.PlantDepositAsync("ACC", 10_400_000, 10_000_000);

        await CorrectAsync(await SightAllAsync(), new ReconciliationOptions { AutoCorrectLowSeverity = false });

        Assert.Equal(0, await _database.ScalarAsync<long>("SELECT count(*) FROM reconciliation_adjustments"));
    }

    [Fact]
    public async Task What_a_person_took_back_is_not_posted_again()
    {
        var (exception, _) = await _database.PlantDepositAsync("ACC", 10_400_000, 10_000_000);
        var report = await SightAllAsync();
        await CorrectAsync(report);
        await UndoAsync(await _database.ScalarAsync<Guid>("SELECT id FROM reconciliation_adjustments"));

        await CorrectAsync(report);

        Assert.Equal(
            "open: adjustment_posted adjustment_undone", await _database.StoryAsync(exception));
    }

    [Fact]
    public async Task A_correction_that_does_not_help_is_taken_back_and_told_and_tried_three_times_at_most()
    {
        // The account would be left with less than its minimum.
        await _database.ExecuteAsync(
            "INSERT INTO accounts (name, currency, minimum_balance) VALUES ('ACC', 'USDC', 10000000)");
        var (exception, _) = await _database.PlantDepositAsync("ACC", 9_600_000, 10_000_000);
        var report = await SightAllAsync();

        for (var run = 0; run < CorrectLowSeverity.MostFailures + 2; run++)
        {
            await CorrectAsync(report);
        }

        Assert.Equal(
            "open: adjustment_failed adjustment_failed adjustment_failed", await _database.StoryAsync(exception));
        Assert.Equal(
            ["ACC would be left with less than its minimum."],
            await _database.QueryAsync<string>("SELECT DISTINCT failure FROM reconciliation_adjustments"));
        Assert.Equal(1, await _database.ScalarAsync<long>("SELECT count(*) FROM ledger_transactions"));
        Assert.Equal(10_000_000, await BalanceAsync("ACC"));
    }

    [Fact]
    public async Task What_is_above_the_limit_of_a_day_waits_for_a_person()
    {
        _limits.MostPerDay = 1;
        for (var i = 0; i < 4; i++)
        {
            await _database.PlantDepositAsync("ACC", 10_400_000, 10_000_000);
        }

        await CorrectAsync(await SightAllAsync());

        Assert.Equal(
            [
                "posted f reconciliation", "posted f reconciliation", "proposed t reconciliation",
                "proposed t reconciliation",
            ],
            await _database.QueryAsync<string>("""
                SELECT status || ' ' || left(needs_approval::text, 1) || ' ' || proposed_by
                FROM reconciliation_adjustments
                ORDER BY id
                """));
    }

    [Fact]
    public async Task A_run_that_saw_something_to_correct_queues_it_and_others_do_not()
    {
        await _database.PlantDepositAsync("ACC", 10_400_000, 10_000_000);
        var report = await SightAllAsync();
        await using var connection = await _database.App.OpenConnectionAsync(Cancel);

        await CorrectLowSeverity.EnqueueAsync(connection, Guid.CreateVersion7(), DateTimeOffset.UnixEpoch, Cancel);
        Assert.Equal(0, await _database.ScalarAsync<long>("SELECT count(*) FROM duties"));
        await CorrectLowSeverity.EnqueueAsync(connection, report, DateTimeOffset.UnixEpoch, Cancel);

        Assert.True(await _worker.RunOneAsync(Handler(), Cancel));
        Assert.Equal(["completed"], await _database.QueryAsync<string>("SELECT status FROM duties"));
        Assert.Equal(["posted"], await _database.QueryAsync<string>("SELECT status FROM reconciliation_adjustments"));
    }

    [Fact]
    public async Task A_worker_that_lost_the_duty_posts_nothing()
    {
        var (exception, _) = await _database.PlantDepositAsync("ACC", 10_400_000, 10_000_000);
        var report = await SightAllAsync();
        await using (var connection = await _database.App.OpenConnectionAsync(Cancel))
        {
            await CorrectLowSeverity.EnqueueAsync(connection, report, DateTimeOffset.UnixEpoch, Cancel);
        }

        var lost = (await _worker.Held.ClaimAsync([CorrectLowSeverity.DutyKind], Cancel))!;
        await _database.EndLeaseAsync(lost.Id);
        var heir = (await _worker.Held.ClaimAsync([CorrectLowSeverity.DutyKind], Cancel))!;

        await _worker.Run.ExecuteAsync(lost, Handler(), Cancel);
        Assert.Equal("open:", await _database.StoryAsync(exception));
        await _worker.Run.ExecuteAsync(heir, Handler(), Cancel);

        Assert.Equal("auto_corrected: adjustment_posted", await _database.StoryAsync(exception));
    }

    private CorrectLowSeverity Handler(ReconciliationOptions? options = null) => new(
        _worker.Sessions, new CorrectException(_limits, _audit, TimeProvider.System), _telemetry,
        options ?? new ReconciliationOptions(), NullLogger<CorrectLowSeverity>.Instance);

    private async Task CorrectAsync(Guid report, ReconciliationOptions? options = null)
    {
        await using (var connection = await _database.App.OpenConnectionAsync(Cancel))
        {
            await CorrectLowSeverity.EnqueueAsync(connection, report, DateTimeOffset.UnixEpoch, Cancel);
        }

        await _worker.RunOneAsync(Handler(options), Cancel);
    }

    private async Task UndoAsync(Guid adjustment)
    {
        await using var connection = await _database.App.OpenConnectionAsync(Cancel);
        await using var transaction = await connection.BeginTransactionAsync(Cancel);
        var result = await new DecideAdjustment(new DueTimes(), _audit, TimeProvider.System).UndoAsync(
            connection, adjustment, new AuditActor("somebody"), Cancel);
        Assert.IsType<DecisionResult.Decided>(result);
        await transaction.CommitAsync(Cancel);
    }

    private async Task<CheckResult> CheckAsync(string checkType)
    {
        await using var connection = await _database.App.OpenConnectionAsync(Cancel);
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, Cancel);
        return await CheckedBooks.Checks.Single(check => check.CheckType == checkType).RunAsync(connection, Cancel);
    }

    // As a run would.
    private async Task<Guid> RecordAsync(CheckResult result)
    {
        Assert.NotEmpty(result.Breaks);
        foreach (var found in result.Breaks)
        {
            await _database.PlantAsync(new PlantedException(
                found.Kind.StartsWith("deposit", StringComparison.Ordinal) ? "deposits"
                : found.Kind.StartsWith("conversion", StringComparison.Ordinal) ? "conversion_jobs" : "withdrawals",
                found.Kind)
            {
                Key = found.Key,
                Severity = found.Severity,
                Currency = found.Currency,
                Account = found.AccountName,
                Expected = found.Expected,
                Actual = found.Actual,
                FlowId = found.FlowId,
                TransactionId = found.TransactionId,
            });
        }

        return await SightAllAsync();
    }

    private async Task<Guid> SightAllAsync()
    {
        var report = Guid.CreateVersion7();
        foreach (var exception in await _database.QueryAsync<Guid>("SELECT id FROM reconciliation_exceptions"))
        {
            await _database.SightAsync(exception, report);
        }

        return report;
    }

    private Task<long> BalanceAsync(string account) => _database.ScalarAsync<long>(
        "SELECT balance FROM accounts WHERE name = @account AND currency = 'USDC'", new { account });

    private Task<IReadOnlyList<string>> SumsAsync() => _database.QueryAsync<string>("""
        SELECT name || ' ' || currency || ' ' || balance
        FROM accounts
        WHERE name <> 'suspense'
        ORDER BY name, currency
        """);
}
