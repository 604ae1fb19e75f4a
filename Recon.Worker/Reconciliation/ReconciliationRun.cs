using System.Diagnostics;
using Npgsql;
using Payments.Ledger.Reconciliation;
using Recon.Worker.Duties;

namespace Recon.Worker.Reconciliation;

/// <summary>
/// Makes a reconciliation run: all checks, one after the other. What a check found is committed together with how far
/// the run came, so a run that was killed at any point goes on behind its last check and ends with the same result. A
/// check that breaks does not keep the others from being made; it is tried again with the duty.
/// </summary>
internal sealed class ReconciliationRun(
    RunReport report,
    MakeCheck makeCheck,
    IEnumerable<IReconciliationCheck> checks,
    ReconciliationTelemetry telemetry,
    ILogger<ReconciliationRun> logger) : IDutyHandler
{
    // In the order in which they are made; one that has no place there comes last.
    private readonly List<IReconciliationCheck> _checks =
        [.. checks.OrderBy(check => Place(check.CheckType)).ThenBy(check => check.CheckType, StringComparer.Ordinal)];

    public string Kind => StartRun.DutyKind;

    public bool IsLong => true;

    public int FailureLimit => 5;

    public async Task<DutyOutcome> RunAsync(Duty duty, CancellationToken cancel)
    {
        var run = duty.Read<RunArguments>();
        Activity.Current?.SetTag("reconciliation.report.id", run.ReportId)
            .SetTag("reconciliation.run_type", run.RunType);
        if (await report.BeginAsync(duty, run.ReportId, _checks.Select(check => check.CheckType), cancel) is not
            { } open)
        {
            // The run had ended already, and its worker disappeared before it could say so.
            return DutyOutcome.Done;
        }

        // One that a newer worker began with: it is left to that one.
        var troubles = open.Except(_checks.Select(check => check.CheckType), StringComparer.Ordinal)
            .Select(unknown => $"{unknown}: this worker does not know the check.").ToList();
        foreach (var check in _checks.Where(check => open.Contains(check.CheckType)))
        {
            await TryAsync(duty, run, check, troubles, cancel);
        }

        if (troubles.Count > 0)
        {
            throw new ChecksFailedException(string.Join(' ', troubles));
        }

        if (await report.CompleteAsync(duty, run.ReportId, cancel) is { } completed)
        {
            telemetry.RunEnded(run.RunType, ReconciliationTelemetry.Completed, completed.Duration);
            logger.LogInformation(
                "Reconciliation completed run_type={RunType} report={ReportId} passed={Passed} failed={Failed} "
                + "inconclusive={Inconclusive} exceptions={Exceptions}",
                run.RunType, run.ReportId, completed.PassedChecks, completed.FailedChecks,
                completed.InconclusiveChecks, completed.ExceptionsCount);
        }

        return DutyOutcome.Done;
    }

    public async Task BuriedAsync(NpgsqlConnection connection, Duty duty, string error, CancellationToken cancel)
    {
        var run = duty.Read<RunArguments>();
        if (await report.FailAsync(connection, run.ReportId, error, cancel) is { } duration)
        {
            telemetry.RunEnded(run.RunType, ReconciliationTelemetry.Failed, duration);
            logger.LogError(
                "Reconciliation failed run_type={RunType} report={ReportId}: {Error}", run.RunType, run.ReportId,
                error);
        }
    }

    private async Task TryAsync(
        Duty duty, RunArguments run, IReconciliationCheck check, List<string> troubles, CancellationToken cancel)
    {
        try
        {
            await makeCheck.ExecuteAsync(duty, run.ReportId, check, cancel);
        }
        catch (Exception e) when (
            e is not DutyLostException && !RunDuty.IsOutage(e) && !cancel.IsCancellationRequested)
        {
            logger.LogError(
                e, "Reconciliation check {CheckType} of report {ReportId} could not be made", check.CheckType,
                run.ReportId);
            await report.ExplainAsync(duty, run.ReportId, check.CheckType, e.Message, cancel);
            troubles.Add($"{check.CheckType}: {e.Message}");
        }
    }

    private static int Place(string checkType) =>
        CheckType.All.Contains(checkType, StringComparer.Ordinal)
            ? CheckType.All.Index().First(known => known.Item == checkType).Index
            : int.MaxValue;
}

/// <summary>Checks that could not be made; what the others found is kept.</summary>
internal sealed class ChecksFailedException(string message) : Exception(message);
