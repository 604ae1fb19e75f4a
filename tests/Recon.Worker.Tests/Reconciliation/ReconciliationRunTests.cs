using System.Diagnostics.Metrics;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Payments.Ledger.Reconciliation;
using Payments.Testing;
using Recon.Worker.Duties;
using Recon.Worker.Reconciliation;
using Recon.Worker.Tests.Duties;

namespace Recon.Worker.Tests.Reconciliation;

public sealed class ReconciliationRunTests : IAsyncLifetime
{
    private readonly TestDatabase _database = new();
    private readonly ReconciliationTelemetry _telemetry = new();

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

    [Fact]
    public async Task A_run_makes_every_check_once_and_tells_what_each_compared_and_found()
    {
        var report = await RequestAsync();
        var handler = Handler(
            new ScriptedCheck(CheckType.Withdrawals, CheckResult.Unknown("The source is down.")),
            new ScriptedCheck(CheckType.Deposits, Results.Missing(1_000, 250)),
            new ScriptedCheck(CheckType.LedgerConsistency, Results.Fine));

        Assert.True(await _worker.RunOneAsync(handler, Cancel));

        Assert.Equal("completed total 3 passed 1 failed 1 inconclusive 1 exceptions 2", await ReportAsync(report));
        Assert.Equal(
            [
                "deposits failed USD 5000 3750 -1250 items 7 found 2: 2 breaks: 2 missing_entries.",
                "ledger_consistency passed USD 5000 5000 0 items 7 found 0: -",
                "withdrawals inconclusive - - - - items 0 found 0: The source is down.",
            ],
            await ChecksAsync(report));
        Assert.Equal(
            """
            [{"actual": "3750", "currency": "USD", "expected": "5000", "difference": "-1250"}, {"actual": "40", "currency": "JPY", "expected": "40", "difference": "0"}]
            """,
            await _database.ScalarAsync<string>(
                "SELECT totals::text FROM reconciliation_checks WHERE check_type = 'deposits'"));
        Assert.Equal("completed 1 0", await DutyAsync());
    }

    [Fact]
    public async Task Checks_are_made_in_the_order_of_their_list_each_in_a_snapshot_that_changes_nothing()
    {
        await RequestAsync();
        var order = new List<string>();
        var isolations = new List<string>();
        var checks = CheckType.All.Reverse().Select(checkType => new ScriptedCheck(
            checkType,
            async (connection, _) =>
            {
                order.Add(checkType);
                isolations.Add(await connection.QuerySingleAsync<string>("""
                    SELECT current_setting('transaction_isolation') || ' ' || current_setting('transaction_read_only')
                    """));
                return Results.Fine;
            }));

        await _worker.RunOneAsync(Handler([.. checks]), Cancel);

        Assert.Equal(CheckType.All, order);
        Assert.All(isolations, isolation => Assert.Equal("repeatable read on", isolation));
    }

    // The worker is gone at each point in turn: before the first check, after it was read and before it was recorded,
    // and so on to the last. The same run then ends as one that nobody disturbed.
    [Fact]
    public async Task A_run_that_is_killed_at_any_point_goes_on_to_the_same_result()
    {
        var report = await RequestAsync();
        ScriptedCheck[] checks =
        [
            new(CheckType.LedgerConsistency, Results.Missing(100)),
            new(CheckType.Deposits, Results.Missing(200, 300)),
            new(CheckType.Withdrawals, Results.Fine),
        ];
        for (var point = 0; point < checks.Length; point++)
        {
            await DieAtAsync(point, checks);
        }

        await _worker.RunOneAsync(Handler(limit: 100, checks), Cancel);

        Assert.Equal("completed total 3 passed 1 failed 2 inconclusive 0 exceptions 3", await ReportAsync(report));
        Assert.Equal(
            [1, 1, 1],
            await _database.QueryAsync<int>("SELECT sightings FROM reconciliation_exceptions ORDER BY number"));
        Assert.Equal(3, await _database.ScalarAsync<long>("SELECT count(*) FROM reconciliation_sightings"));
        Assert.Equal(3, await _database.ScalarAsync<long>("SELECT count(*) FROM reconciliation_checks"));
        Assert.Equal([1, 1, 1], checks.Select(check => check.Runs));
    }

    [Fact]
    public async Task A_run_that_ended_before_its_worker_could_say_so_is_not_ended_twice()
    {
        var report = await RequestAsync();
        var check = new ScriptedCheck(CheckType.Deposits, Results.Missing(100));
        var duty = (await _worker.Held.ClaimAsync([StartRun.DutyKind], Cancel))!;
        await Handler(check).RunAsync(duty, Cancel);
        await _database.EndLeaseAsync(duty.Id);
        var completed = await _database.ScalarAsync<DateTime>("SELECT completed_at FROM reconciliation_reports");

        await _worker.RunOneAsync(Handler(check), Cancel);

        Assert.Equal("completed total 1 passed 0 failed 1 inconclusive 0 exceptions 1", await ReportAsync(report));
        Assert.Equal(
            completed, await _database.ScalarAsync<DateTime>("SELECT completed_at FROM reconciliation_reports"));
        Assert.Equal(1, check.Runs);
    }

    [Fact]
    public async Task A_worker_that_lost_the_run_records_nothing_of_what_it_read()
    {
        var report = await RequestAsync();
        var heirs = Handler(new ScriptedCheck(CheckType.Deposits, Results.Missing(100)));
        var slow = Handler(new ScriptedCheck(CheckType.Deposits, async (_, _) =>
        {
            // Meanwhile its lease ends and another worker takes the run, who waits for its turn at the check.
            await _database.ExecuteAsync("UPDATE duties SET available_at = clock_timestamp() - interval '1 s'");
            Assert.NotNull(await _worker.Held.ClaimAsync([StartRun.DutyKind], Cancel));
            return Results.Missing(7, 8, 9);
        }));

        await _worker.RunOneAsync(slow, Cancel);
        Assert.Equal(0, await _database.ScalarAsync<long>("SELECT count(*) FROM reconciliation_exceptions"));
        await _database.ExecuteAsync("UPDATE duties SET available_at = clock_timestamp() - interval '1 s'");
        await _worker.RunOneAsync(heirs, Cancel);

        Assert.Equal("completed total 1 passed 0 failed 1 inconclusive 0 exceptions 1", await ReportAsync(report));
    }

    [Fact]
    public async Task A_check_that_breaks_keeps_no_other_from_being_made_and_is_made_when_it_works_again()
    {
        var report = await RequestAsync();
        var works = false;
        var first = new ScriptedCheck(CheckType.LedgerConsistency, (_, _) => works
            ? Task.FromResult(Results.Fine)
            : throw new InvalidOperationException("The rows are upside down."));
        var second = new ScriptedCheck(CheckType.Deposits, Results.Missing(100));

        await _worker.RunOneAsync(Handler(first, second), Cancel);
        Assert.Equal("in_progress total 2 passed 0 failed 1 inconclusive 0 exceptions 1", await ReportAsync(report));
        Assert.Equal("pending 1 1", await DutyAsync());
        Assert.Equal("The rows are upside down.", await _database.ScalarAsync<string>(
            "SELECT reason FROM reconciliation_checks WHERE status = 'pending'"));

        works = true;
        await DueAsync();
        await _worker.RunOneAsync(Handler(first, second), Cancel);

        Assert.Equal("completed total 2 passed 1 failed 1 inconclusive 0 exceptions 1", await ReportAsync(report));
        Assert.Equal((2, 1), (first.Runs, second.Runs));
        Assert.Null(await _database.ScalarAsync<string?>("SELECT reason FROM reconciliation_checks WHERE passed"));
    }

    [Fact]
    public async Task A_check_that_never_works_makes_the_run_failed_with_its_error_and_keeps_what_the_others_found()
    {
        using var metrics = new Metrics();
        var report = await RequestAsync();
        ScriptedCheck[] checks =
        [
            new(CheckType.LedgerConsistency, (_, _) => throw new InvalidOperationException("Upside down.")),
            new(CheckType.Deposits, Results.Missing(100)),
        ];
        do
        {
            await DueAsync();
        }
        while (await _worker.RunOneAsync(Handler(checks), Cancel));

        Assert.Equal("failed total 2 passed 0 failed 1 inconclusive 0 exceptions 1", await ReportAsync(report));
        Assert.Equal("ledger_consistency: Upside down.", await _database.ScalarAsync<string>(
            "SELECT error_message FROM reconciliation_reports"));
        Assert.Equal("dead 5 5", await DutyAsync());
        Assert.Equal([5, 1], checks.Select(check => check.Runs));
        Assert.Equal(1, metrics.Of("reconciliation_runs_total", "run_type=manual", "status=failed"));
        Assert.Equal(0, metrics.Of("reconciliation_runs_total", "run_type=manual", "status=completed"));
    }

    [Fact]
    public async Task Two_runs_at_once_never_make_the_same_check_at_the_same_time()
    {
        await RequestAsync();
        await RequestAsync();
        await using var other = new TestDuties(_database);
        var (inside, most) = (0, 0);
        async Task<CheckResult> Check(NpgsqlConnection connection, CancellationToken cancel)
        {
            most = Math.Max(most, Interlocked.Increment(ref inside));
            await connection.ExecuteAsync("SELECT pg_sleep(0.2)");
            Interlocked.Decrement(ref inside);
            return Results.Missing(100);
        }

        await Task.WhenAll(
            _worker.RunOneAsync(Handler(new ScriptedCheck(CheckType.Deposits, Check)), Cancel),
            other.RunOneAsync(Handler(other, 5, new ScriptedCheck(CheckType.Deposits, Check)), Cancel));

        Assert.Equal(1, most);
        Assert.Equal(["2"], await _database.QueryAsync<string>("SELECT sightings::text FROM reconciliation_exceptions"));
    }

    [Fact]
    public async Task A_run_is_counted_and_timed_and_its_checks_too()
    {
        using var metrics = new Metrics();
        await RequestAsync();

        await _worker.RunOneAsync(
            Handler(
                new ScriptedCheck(CheckType.Deposits, Results.Missing(1_250)),
                new ScriptedCheck(CheckType.Withdrawals, Results.Fine),
                new ScriptedCheck(CheckType.CircleBalance, CheckResult.Unknown("Away."))),
            Cancel);

        Assert.Equal(1, metrics.Of("reconciliation_runs_total", "run_type=manual", "status=completed"));
        Assert.Equal(1, metrics.Of("reconciliation_checks_total", "check_type=deposits"));
        Assert.Equal(1, metrics.Of("reconciliation_checks_failed_total", "check_type=deposits"));
        Assert.Equal(0, metrics.Of("reconciliation_checks_passed_total", "check_type=deposits"));
        Assert.Equal(1, metrics.Of("reconciliation_checks_passed_total", "check_type=withdrawals"));
        Assert.Equal(1, metrics.Of("reconciliation_checks_total", "check_type=circle_balance"));
        Assert.Equal(0, metrics.Of("reconciliation_checks_failed_total", "check_type=circle_balance"));
        Assert.Equal(0, metrics.Of("reconciliation_checks_passed_total", "check_type=circle_balance"));
        Assert.Equal(
            -12.5, metrics.Of("reconciliation_discrepancy_amount", "check_type=deposits", "currency=USD"));
        Assert.Equal(0, metrics.Of("reconciliation_discrepancy_amount", "check_type=withdrawals", "currency=USD"));
        Assert.Equal(1, metrics.Count("reconciliation_run_duration_seconds", "run_type=manual"));
    }

    // A worker that is killed neither hands back nor counts: its lease ends.
    private async Task DieAtAsync(int point, ScriptedCheck[] checks)
    {
        using var death = new CancellationTokenSource();
        var mortal = checks.Select((check, index) => new ScriptedCheck(check.CheckType, async (connection, cancel) =>
        {
            if (index == point)
            {
                await death.CancelAsync();
                death.Token.ThrowIfCancellationRequested();
            }

            return await check.RunAsync(connection, cancel);
        }));
        var duty = (await _worker.Held.ClaimAsync([StartRun.DutyKind], Cancel))!;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Handler(limit: 100, [.. mortal]).RunAsync(duty, death.Token));
        await _database.EndLeaseAsync(duty.Id);
    }

    private async Task<Guid> RequestAsync()
    {
        var now = TimeProvider.System.GetUtcNow();
        var run = new NewRun(Guid.CreateVersion7(now), RunType.Manual, Slot: null, "tester", now);
        await using var connection = await _database.App.OpenConnectionAsync(Cancel);
        await using var transaction = await connection.BeginTransactionAsync(Cancel);
        Assert.True(await StartRun.ExecuteAsync(connection, run, Cancel));
        await transaction.CommitAsync(Cancel);
        return run.ReportId;
    }

    private IDutyHandler Handler(params ScriptedCheck[] checks) => Handler(_worker, limit: 5, checks);

    private IDutyHandler Handler(int limit, params ScriptedCheck[] checks) => Handler(_worker, limit, checks);

    private IDutyHandler Handler(TestDuties worker, int limit, params ScriptedCheck[] checks)
    {
        var clock = TimeProvider.System;
        var run = new ReconciliationRun(
            new RunReport(worker.Sessions, clock),
            new MakeCheck(worker.Sessions, new RecordBreaks(), _telemetry, clock),
            checks,
            _telemetry,
            NullLogger<ReconciliationRun>.Instance);
        return new Patient(run, limit);
    }

    private Task<int> DueAsync() =>
        _database.ExecuteAsync("UPDATE duties SET available_at = clock_timestamp() WHERE status = 'pending'");

    private Task<string> DutyAsync() => _database.ScalarAsync<string>(
        "SELECT status || ' ' || attempts || ' ' || failures FROM duties");

    private Task<string> ReportAsync(Guid id) => _database.ScalarAsync<string>(
        """
        SELECT format('%s total %s passed %s failed %s inconclusive %s exceptions %s', status, total_checks,
            passed_checks, failed_checks, inconclusive_checks, exceptions_count)
        FROM reconciliation_reports
        WHERE id = @id AND started_at >= created_at
            AND (completed_at IS NULL OR milliseconds BETWEEN 0 AND 60000 AND completed_at >= started_at)
        """,
        new { id });

    private Task<IReadOnlyList<string>> ChecksAsync(Guid report) => _database.QueryAsync<string>(
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

    /// <summary>What reconciliation measures from now on in this process.</summary>
    private sealed class Metrics : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly Dictionary<string, List<double>> _seen = new(StringComparer.Ordinal);

        public Metrics()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == ReconciliationTelemetry.Name)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.Start();
        }

        /// <summary>The sum of a counter, or the last value of a gauge.</summary>
        public double Of(string name, params string[] tags)
        {
            lock (_seen)
            {
                var values = _seen.GetValueOrDefault(Key(name, tags), []);
                return name == "reconciliation_discrepancy_amount" ? values[^1] : values.Sum();
            }
        }

        public int Count(string name, params string[] tags)
        {
            lock (_seen)
            {
                return _seen.GetValueOrDefault(Key(name, tags), []).Count;
            }
        }

        public void Dispose() => _listener.Dispose();

        private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var key = Key(instrument.Name, [.. tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}")]);
            lock (_seen)
            {
                if (!_seen.TryGetValue(key, out var values))
                {
                    _seen.Add(key, values = []);
                }

                values.Add(value);
            }
        }

        private static string Key(string name, string[] tags) => name + " " + string.Join(' ', tags);
    }
}
