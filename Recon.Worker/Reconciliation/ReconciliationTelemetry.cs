using System.Diagnostics;
using System.Diagnostics.Metrics;
using Payments.Ledger;
using Payments.Ledger.Reconciliation;

namespace Recon.Worker.Reconciliation;

/// <summary>
/// What reconciliation tells about itself, under the names that dashboards and alarms use. Counters begin at zero, not
/// at their first event: an alarm on an increase would not see that one.
/// </summary>
internal sealed class ReconciliationTelemetry : IDisposable
{
    /// <summary>Name of the meter and the activity source.</summary>
    public const string Name = "Recon.Worker.Reconciliation";

    public const string Completed = "completed";

    public const string Failed = "failed";

    private static readonly ActivitySource Source = new(Name);

    // From a check of empty tables to one of a ledger of years.
    private static readonly double[] Seconds =
        [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600];

    private readonly ILogger<ReconciliationTelemetry> _logger;
    private readonly Meter _meter = new(Name);
    private readonly Counter<long> _runs;
    private readonly Histogram<double> _runDuration;
    private readonly Counter<long> _checks;
    private readonly Counter<long> _checksPassed;
    private readonly Counter<long> _checksFailed;
    private readonly Counter<long> _exceptions;
    private readonly Gauge<double> _discrepancy;
    private readonly Counter<long> _alerts;

    public ReconciliationTelemetry(ILogger<ReconciliationTelemetry> logger)
    {
        _logger = logger;
        _runs = _meter.CreateCounter<long>("reconciliation_runs_total", description: "Runs that ended");
        _runDuration = _meter.CreateHistogram(
            "reconciliation_run_duration_seconds", "s", "From a run's start to its end",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = Seconds });
        _checks = _meter.CreateCounter<long>("reconciliation_checks_total", description: "Checks that were made");
        _checksPassed = _meter.CreateCounter<long>(
            "reconciliation_checks_passed_total", description: "Checks that found no break");
        _checksFailed = _meter.CreateCounter<long>(
            "reconciliation_checks_failed_total", description: "Checks that found breaks");
        _exceptions = _meter.CreateCounter<long>(
            "reconciliation_exceptions_total", description: "Exceptions that were opened or reopened");
        _discrepancy = _meter.CreateGauge<double>(
            "reconciliation_discrepancy_amount",
            description: "Difference that the last check of this process found, in units of the currency");
        _alerts = _meter.CreateCounter<long>("reconciliation_alerts_total", description: "Alerts that were raised");
    }

    /// <param name="status">completed or failed.</param>
    public void RunEnded(string runType, string status, TimeSpan duration)
    {
        _runs.Add(1, Tag("run_type", runType), Tag("status", status));
        _runDuration.Record(duration.TotalSeconds, Tag("run_type", runType));
    }

    /// <summary>A check was made and what it found is committed.</summary>
    public void CheckEnded(string checkType, CheckVerdict verdict)
    {
        var tag = Tag("check_type", checkType);
        _checks.Add(1, tag);
        switch (verdict.Status)
        {
            case CheckVerdict.Passed:
                _checksPassed.Add(1, tag);
                break;
            case CheckVerdict.Failed:
                _checksFailed.Add(1, tag);
                break;
        }

        foreach (var total in verdict.Totals)
        {
            _discrepancy.Record(
                (double)(total.Difference / Currency.Get(total.Currency).MinorPerMajor), tag,
                Tag("currency", total.Currency));
        }
    }

    /// <summary>These exceptions were opened or reopened, and that is committed: each is logged.</summary>
    public void ExceptionsOpened(string checkType, IReadOnlyList<Sighting> opened)
    {
        foreach (var one in opened)
        {
            _logger.LogWarning(
                "Exception {ExceptionId} {Story}: {Severity} {CheckType} {Kind}: {Description}",
                one.Known.Id, one.IsNew ? "opened" : "reopened", one.Break.Severity, checkType, one.Break.Kind,
                one.Break.Description);
        }

        Count(_exceptions, checkType, opened.Select(one => one.Break.Severity));
    }

    /// <summary>Alerts of exceptions of these severities are committed, to be delivered.</summary>
    public void AlertsRaised(string checkType, IEnumerable<string> severities) =>
        Count(_alerts, checkType, severities);

    /// <summary>The span of one check, within the trace of its run.</summary>
    public static Activity? StartCheck(string checkType, Guid reportId) =>
        Source.StartActivity("check " + checkType)
            ?.SetTag("reconciliation.check_type", checkType)
            .SetTag("reconciliation.report.id", reportId);

    public void Dispose() => _meter.Dispose();

    /// <summary>
    /// Makes every series known, at zero. To be called once the process is up: before that nobody counts.
    /// </summary>
    public void BeginAtZero()
    {
        foreach (var runType in RunType.All)
        {
            _runs.Add(0, Tag("run_type", runType), Tag("status", Completed));
            _runs.Add(0, Tag("run_type", runType), Tag("status", Failed));
        }

        foreach (var checkType in CheckType.All)
        {
            var tag = Tag("check_type", checkType);
            _checks.Add(0, tag);
            _checksPassed.Add(0, tag);
            _checksFailed.Add(0, tag);
            foreach (var severity in Severity.All)
            {
                _exceptions.Add(0, tag, Tag("severity", severity));
                _alerts.Add(0, tag, Tag("severity", severity));
            }
        }
    }

    private static void Count(Counter<long> counter, string checkType, IEnumerable<string> severities)
    {
        foreach (var (severity, count) in severities.CountBy(severity => severity, StringComparer.Ordinal))
        {
            counter.Add(count, Tag("check_type", checkType), Tag("severity", severity));
        }
    }

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
