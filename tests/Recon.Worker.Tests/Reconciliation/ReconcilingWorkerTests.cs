using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Payments.Ledger.Reconciliation;
using Payments.Testing;
using Recon.Worker.Reconciliation;

namespace Recon.Worker.Tests.Reconciliation;

/// <summary>The worker's own program with its schedule.</summary>
[Collection(nameof(RunTests))]
public sealed class ReconcilingWorkerTests : IAsyncLifetime
{
    private readonly TestDatabase _database = new();

    // It stands: however long a test takes, no slot comes.
    private readonly SetClock _clock = new(HalfPast(TimeProvider.System.GetUtcNow()));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _database.InitializeAsync();

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task It_says_what_it_schedules_as_operators_search_for_it()
    {
        await using var worker = new ReconcilingWorker(
            _database, ("RECONCILIATION_HOURLY_INTERVAL", "60"), ("RECONCILIATION_DAILY_RUN_TIME", "02:00"))
        {
            Clock = _clock,
        };
        worker.CreateClient();
        await _database.UntilAsync("SELECT count(*) = 2 FROM reconciliation_schedule");
        await worker.Said.WaitForAsync("Daily reconciliation scheduled next_run=");

        Assert.Equal(
            [
                "Starting reconciliation scheduler hourly_interval=1h0m0s auto_correct=true",
                "Reconciliation scheduler started",
                "Daily reconciliation scheduled next_run="
                + ScheduleText.Of(Schedule.Of(new ReconciliationOptions()).Next(RunType.Daily, _clock.Now)),
            ],
            worker.Said.Lines);
    }

    [Fact]
    public async Task A_missed_run_is_made_at_the_start_and_none_when_the_schedule_is_off()
    {
        await _database.ExecuteAsync("""
            INSERT INTO reconciliation_schedule (run_type, slot)
            VALUES ('hourly', now() - interval '3 days'), ('daily', now() - interval '3 days')
            """);
        await using (var off = new ReconcilingWorker(_database, ("RECONCILIATION_ENABLED", "false")))
        {
            off.CreateClient();
            await off.Said.WaitForAsync("Reconciliation scheduler is off");
        }

        Assert.Equal(0, await _database.ScalarAsync<long>("SELECT count(*) FROM reconciliation_reports"));
        await using var worker = new ReconcilingWorker(_database) { Clock = _clock };
        worker.CreateClient();

        await _database.UntilAsync("""
            SELECT count(*) = 2 AND count(DISTINCT run_type) = 2
            FROM reconciliation_reports
            WHERE status = 'completed' AND requested_by = 'schedule'
            """);
    }

    // Two processes are killed in turn: one that has begun the run but not committed that, one that is about to end it.
    [Fact]
    public async Task A_run_whose_process_is_killed_goes_on_in_the_next_one_and_ends_once()
    {
        await _database.ExecuteAsync("""
            CREATE FUNCTION wait_at_the_end() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                PERFORM pg_advisory_xact_lock(42);
                RETURN NEW;
            END
            $$;
            CREATE TRIGGER wait_at_the_end BEFORE UPDATE ON reconciliation_reports
                FOR EACH ROW WHEN (NEW.status = 'completed') EXECUTE FUNCTION wait_at_the_end();
            """);
        await using var blocker = await _database.Superuser.OpenConnectionAsync(Cancel);
        await using var atTheEnd = await _database.Superuser.OpenConnectionAsync(Cancel);
        await atTheEnd.ExecuteAsync("SELECT pg_advisory_lock(42)");
        await using var atTheBeginning = await blocker.BeginTransactionAsync(Cancel);
        await blocker.ExecuteAsync("LOCK TABLE reconciliation_checks IN ACCESS EXCLUSIVE MODE");
        await RequestRun.ExecuteAsync(_database, Cancel);

        await KillWhenItWaitsAsync("relation");
        await atTheBeginning.RollbackAsync(Cancel);
        Assert.Equal("pending", await StatusAsync());
        await KillWhenItWaitsAsync("advisory");
        await atTheEnd.ExecuteAsync("SELECT pg_advisory_unlock(42)");
        Assert.Equal("in_progress", await StatusAsync());
        await using var last = StartProgram();
        await _database.UntilAsync("SELECT status = 'completed' FROM duties");

        Assert.Equal("completed", await StatusAsync());
        Assert.Equal("3 2", await _database.ScalarAsync<string>("SELECT attempts || ' ' || failures FROM duties"));
        Assert.True(await _database.ScalarAsync<bool>("""
            SELECT total_checks = passed_checks + failed_checks + inconclusive_checks
                AND total_checks = (SELECT count(DISTINCT check_type) FROM reconciliation_checks)
            FROM reconciliation_reports
            """));
    }

    [Fact]
    public async Task A_bad_setting_ends_the_program_with_one_clear_sentence()
    {
        await using var program = WorkerProgram.Start(_database, ("RECONCILIATION_DAILY_RUN_TIME", "25:00"));

        var (code, errors, _) = await program.EndAsync(Cancel);

        Assert.Equal(1, code);
        Assert.Equal("RECONCILIATION_DAILY_RUN_TIME must be a time of day such as 02:00, not '25:00'.\n", errors);
    }

    [Fact]
    public void A_bad_setting_keeps_the_worker_from_coming_up()
    {
        var refusal = WorkerProcess.Refusal(_database, ("Reconciliation:HourlyInterval", "0"));

        Assert.Equal(
            ["Reconciliation:HourlyInterval must be a whole number of minutes from 1 to 1440, not '0'."],
            refusal.Failures);
    }

    private static DateTimeOffset HalfPast(DateTimeOffset now) =>
        new(now.Year, now.Month, now.Day, now.Hour, 30, 0, now.Offset);

    private WorkerProgram StartProgram() => WorkerProgram.Start(
        _database, ("RECONCILIATION_ENABLED", "false"), ("Duties__LeaseSeconds", "3"), ("Duties__PollSeconds", "0.1"));

    private async Task KillWhenItWaitsAsync(string lockType)
    {
        await using var program = StartProgram();
        await _database.UntilAsync(
            """
            SELECT EXISTS (
                SELECT
                FROM pg_stat_activity
                WHERE datname = current_database() AND application_name LIKE 'Recon.Worker duties %'
                    AND wait_event_type = 'Lock' AND wait_event = @lockType
            )
            """,
            new { lockType });
        await program.KillAsync();
    }

    private Task<string> StatusAsync() =>
        _database.ScalarAsync<string>("SELECT status FROM reconciliation_reports");
}
