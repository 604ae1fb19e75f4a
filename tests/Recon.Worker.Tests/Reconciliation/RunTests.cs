using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Payments.Ledger.Reconciliation;
using Payments.Testing;
using Recon.Worker.Duties;
using Recon.Worker.Reconciliation;
using Recon.Worker.Tests.Duties;

namespace Recon.Worker.Tests.Reconciliation;

/// <summary>A database with a worker on it that makes runs of scripted checks.</summary>
public abstract class RunTests : IAsyncLifetime
{
    private readonly ReconciliationTelemetry _telemetry = new(NullLogger<ReconciliationTelemetry>.Instance);

    private protected TestDatabase Database { get; } = new();

    private protected TestDuties Worker { get; private set; } = null!;

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await Database.InitializeAsync();
        Worker = new TestDuties(Database);
    }

    public async ValueTask DisposeAsync()
    {
        _telemetry.Dispose();
        await Worker.DisposeAsync();
        await Database.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected async Task<Guid> RequestAsync()
    {
        var now = TimeProvider.System.GetUtcNow();
        var run = new NewRun(Guid.CreateVersion7(now), RunType.Manual, Slot: null, "tester", now);
        await using var connection = await Database.App.OpenConnectionAsync(Cancel);
        await using var transaction = await connection.BeginTransactionAsync(Cancel);
        Assert.True(await StartRun.ExecuteAsync(connection, run, Cancel));
        await transaction.CommitAsync(Cancel);
        return run.ReportId;
    }

    private protected IDutyHandler Handler(params ScriptedCheck[] checks) => Handler(Worker, limit: 5, checks);

    private protected IDutyHandler Handler(int limit, params ScriptedCheck[] checks) => Handler(Worker, limit, checks);

    private protected IDutyHandler Handler(TestDuties worker, int limit, params ScriptedCheck[] checks) =>
        Handler(worker, limit, TimeProvider.System, checks);

    private protected IDutyHandler Handler(
        TestDuties worker, int limit, TimeProvider clock, params ScriptedCheck[] checks)
    {
        var run = new ReconciliationRun(
            new RunReport(worker.Sessions, clock),
            new MakeCheck(worker.Sessions, new RecordBreaks(new DueTimes()), _telemetry, clock),
            checks,
            _telemetry,
            NullLogger<ReconciliationRun>.Instance);
        return new Patient(run, limit);
    }

    private protected Task<int> DueAsync() =>
        Database.ExecuteAsync("UPDATE duties SET available_at = clock_timestamp() WHERE status = 'pending'");

    private protected Task<string> DutyAsync() => Database.ScalarAsync<string>(
        "SELECT status || ' ' || attempts || ' ' || failures FROM duties");

    private protected Task<string> ReportAsync(Guid id) => Database.ScalarAsync<string>(
        """
        SELECT format('%s total %s passed %s failed %s inconclusive %s exceptions %s', status, total_checks,
            passed_checks, failed_checks, inconclusive_checks, exceptions_count)
        FROM reconciliation_reports
        WHERE id = @id AND started_at >= created_at
            AND (completed_at IS NULL OR milliseconds BETWEEN 0 AND 60000 AND completed_at >= started_at)
        """,
        new { id });

    private protected Task<IReadOnlyList<string>> ChecksAsync(Guid report) => Database.QueryAsync<string>(
        """
        SELECT format('%s %s %s %s %s %s items %s found %s: %s', check_type, status, coalesce(currency, '-'),
            coalesce(expected::text, '-'), coalesce(actual::text, '-'), coalesce(difference::text, '-'), items_checked,
            items_found, coalesce(reason, '-'))
        FROM reconciliation_checks
        WHERE report_id = @report AND milliseconds >= 0 AND completed_at >= started_at
            AND passed IS NOT DISTINCT FROM CASE status WHEN 'passed' THEN true WHEN 'failed' THEN false END
        ORDER BY check_type
        """,
        new { report });

    /// <summary>The product's handler, with another limit.</summary>
    private sealed class Patient(ReconciliationRun run, int limit) : IDutyHandler
    {
        public string Kind => run.Kind;

        public bool IsLong => run.IsLong;

        public int FailureLimit => limit;

        public Task<DutyOutcome> RunAsync(Duty duty, CancellationToken cancel) => run.RunAsync(duty, cancel);

        public Task BuriedAsync(NpgsqlConnection connection, Duty duty, string error, CancellationToken cancel) =>
            run.BuriedAsync(connection, duty, error, cancel);
    }
}
