using System.Collections.Concurrent;
using System.Diagnostics;
using Dapper;
using Npgsql;
using Payments.Ledger.Reconciliation;
using Payments.Testing;
using Recon.Worker.Reconciliation;
using Recon.Worker.Tests.Duties;

namespace Recon.Worker.Tests.Reconciliation;

// Metrics are those of the process: nobody else may make a run meanwhile.
[Collection(nameof(RunTests))]
public sealed class ReconciliationRunTests : RunTests
{
    [Fact]
    public async Task A_run_makes_every_check_once_and_tells_what_each_compared_and_found()
    {
        var report = await RequestAsync();
        var handler = Handler(
            new ScriptedCheck(CheckType.Withdrawals, CheckResult.Unknown("The source is down.")),
            new ScriptedCheck(CheckType.Deposits, Results.Missing(1_000, 250)),
            new ScriptedCheck(CheckType.LedgerConsistency, Results.Fine));

        Assert.True(await Worker.RunOneAsync(handler, Cancel));

        Assert.Equal("completed total 3 passed 1 failed 1 inconclusive 1 exceptions 2", await ReportAsync(report));
        Assert.Equal(
            [
                "deposits failed USD 5000 3750 -1250 items 7 found 2: 2 breaks: 2 missing entries.",
                "ledger_consistency passed USD 5000 5000 0 items 7 found 0: -",
                "withdrawals inconclusive - - - - items 0 found 0: The source is down.",
            ],
            await ChecksAsync(report));
        Assert.Equal(
            [
                """{"actual": "3750", "currency": "USD", "expected": "5000", "difference": "-1250"}""",
                """{"actual": "40", "currency": "JPY", "expected": "40", "difference": "0"}""",
            ],
            await Database.QueryAsync<string>("""
                SELECT jsonb_array_elements(totals)::text FROM reconciliation_checks WHERE check_type = 'deposits'
                """));
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

        await Worker.RunOneAsync(Handler([.. checks]), Cancel);

        Assert.Equal(CheckType.All, order);
        Assert.All(isolations, isolation => Assert.Equal("repeatable read on", isolation));
    }

    [Fact]
    public async Task A_run_is_one_trace_with_a_span_for_each_check_whicheverWorkers_make_it()
    {
        var spans = new ConcurrentBag<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is ReconciliationTelemetry.Name or WorkerTelemetry.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Add,
        };
        ActivitySource.AddActivityListener(listener);
        using var clerk = new ActivitySource(ReconciliationTelemetry.Name);
        using var request = clerk.StartActivity("request")!;
        var report = await RequestAsync();
        request.Stop();
        Activity.Current = null;
        var works = false;
        var first = new ScriptedCheck(CheckType.LedgerConsistency, (_, _) => works
            ? Task.FromResult(Results.Fine)
            : throw new InvalidOperationException("Not yet."));
        var second = new ScriptedCheck(CheckType.Deposits, Results.Missing(100));

        await Worker.RunOneAsync(Handler(first, second), Cancel);
        works = true;
        await DueAsync();
        await Worker.RunOneAsync(Handler(first, second), Cancel);

        var own = spans.Where(span => span.TraceId == request.TraceId).ToList();
        var attempts = own.Where(span => span.OperationName == "duty reconciliation.run").ToList();
        Assert.Equal(2, attempts.Count);
        Assert.All(attempts, span => Assert.Equal(report, span.GetTagItem("reconciliation.report.id")));
        Assert.Equal(
            ["check deposits failed", "check ledger_consistency ", "check ledger_consistency passed"],
            own.Where(span => attempts.Exists(attempt => attempt.SpanId == span.ParentSpanId))
                .Select(span => $"{span.OperationName} {span.GetTagItem("reconciliation.status")}")
                .Order(StringComparer.Ordinal));
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

        await Worker.RunOneAsync(Handler(first, second), Cancel);
        Assert.Equal("in_progress total 2 passed 0 failed 1 inconclusive 0 exceptions 1", await ReportAsync(report));
        Assert.Equal("pending 1 1", await DutyAsync());
        Assert.Equal("The rows are upside down.", await Database.ScalarAsync<string>(
            "SELECT reason FROM reconciliation_checks WHERE status = 'pending'"));

        works = true;
        await DueAsync();
        await Worker.RunOneAsync(Handler(first, second), Cancel);

        Assert.Equal("completed total 2 passed 1 failed 1 inconclusive 0 exceptions 1", await ReportAsync(report));
        Assert.Equal((2, 1), (first.Runs, second.Runs));
        Assert.Null(await Database.ScalarAsync<string?>("SELECT reason FROM reconciliation_checks WHERE passed"));
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
        while (await Worker.RunOneAsync(Handler(checks), Cancel));

        Assert.Equal("failed total 2 passed 0 failed 1 inconclusive 0 exceptions 1", await ReportAsync(report));
        Assert.Equal("ledger_consistency: Upside down.", await Database.ScalarAsync<string>(
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
        await using var other = new TestDuties(Database);
        var inside = 0;
        var seen = new ConcurrentQueue<int>();
        async Task<CheckResult> Check(NpgsqlConnection connection, CancellationToken cancel)
        {
            seen.Enqueue(Interlocked.Increment(ref inside));

            // The first goes on once the other waits for its turn, or is inside as well.
            await Conditions.UntilAsync(async () =>
                seen.Count == 2 || await Database.ScalarAsync<bool>(Conditions.AdvisoryLockIsWaitedFor));
            Interlocked.Decrement(ref inside);
            return Results.Missing(100);
        }

        await Task.WhenAll(
            Worker.RunOneAsync(Handler(new ScriptedCheck(CheckType.Deposits, Check)), Cancel),
            other.RunOneAsync(Handler(other, 5, new ScriptedCheck(CheckType.Deposits, Check)), Cancel));

        Assert.Equal([1, 1], seen);
        Assert.Equal(2, await Database.ScalarAsync<int>("SELECT sightings FROM reconciliation_exceptions"));
    }

    [Fact]
    public async Task What_a_worker_with_a_clock_ahead_saw_is_seen_gone_by_the_others()
    {
        await RequestAsync();
        await Worker.RunOneAsync(
            Handler(
                Worker, 5, new ShiftedClock(TimeSpan.FromDays(1)),
                new ScriptedCheck(CheckType.Deposits, Results.Missing(100))),
            Cancel);
        await RequestAsync();

        await Worker.RunOneAsync(Handler(new ScriptedCheck(CheckType.Deposits, Results.Fine)), Cancel);

        Assert.Equal(["closed"], await Database.QueryAsync<string>("SELECT status FROM reconciliation_exceptions"));
    }

    [Fact]
    public async Task A_run_is_counted_and_timed_and_its_checks_too()
    {
        using var metrics = new Metrics();
        await RequestAsync();

        await Worker.RunOneAsync(
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

        // Only what is new, or is there again, counts as an exception.
        await RequestAsync();
        await Worker.RunOneAsync(Handler(new ScriptedCheck(CheckType.Deposits, Results.Missing(1_250, 7))), Cancel);
        Assert.Equal(2, metrics.Of("reconciliation_exceptions_total", "check_type=deposits", "severity=medium"));
        Assert.Equal(0, metrics.Of("reconciliation_exceptions_total", "check_type=deposits", "severity=high"));
        Assert.Equal(0, metrics.Of("reconciliation_alerts_total", "check_type=deposits", "severity=medium"));
    }
}
