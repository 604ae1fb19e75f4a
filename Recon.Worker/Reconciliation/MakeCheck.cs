using System.Diagnostics;
using Dapper;
using Npgsql;
using Recon.Worker.Duties;

namespace Recon.Worker.Reconciliation;

/// <summary>
/// Makes one check of a run: reads in a snapshot that changes nothing, then commits what was found, the exceptions and
/// the duty's checkpoint together.
/// </summary>
internal sealed class MakeCheck(
    DutySessions database, RecordBreaks breaks, ReconciliationTelemetry telemetry, TimeProvider clock)
{
    public async Task ExecuteAsync(
        Duty duty, Guid reportId, IReconciliationCheck check, CancellationToken cancel)
    {
        using var span = ReconciliationTelemetry.StartCheck(check.CheckType, reportId);
        try
        {
            if (await MakeAsync(duty, reportId, check, cancel) is not var (verdict, recorded))
            {
                return;
            }

            span?.SetTag("reconciliation.status", verdict.Status)
                .SetTag("reconciliation.items_checked", verdict.ItemsChecked)
                .SetTag("reconciliation.items_found", verdict.ItemsFound);
            telemetry.CheckEnded(check.CheckType, verdict);
            telemetry.ExceptionsOpened(check.CheckType, recorded.Opened);
            telemetry.AlertsRaised(check.CheckType, recorded.Alerted);
        }
        catch (Exception e)
        {
            span?.SetStatus(ActivityStatusCode.Error, e.Message);
            throw;
        }
    }

    private async Task<(CheckVerdict Verdict, RecordedBreaks Recorded)?> MakeAsync(
        Duty duty, Guid reportId, IReconciliationCheck check, CancellationToken cancel)
    {
        await using var connection = await database.OpenAsync(cancel);
        await using var turn = await CheckTurn.TakeAsync(connection, check.CheckType, clock, cancel);
        var seenAt = await CheckTurn.NowAsync(connection, cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            StartSql, new { reportId, check.CheckType, seenAt }, cancellationToken: cancel));
        var result = await CheckTurn.ReadAsync(connection, check, cancel);
        return await RecordAsync(connection, duty, reportId, check.CheckType, seenAt, result, cancel);
    }

    /// <returns>Null when it was recorded before, by another worker.</returns>
    private async Task<(CheckVerdict Verdict, RecordedBreaks Recorded)?> RecordAsync(
        NpgsqlConnection connection, Duty duty, Guid reportId, string checkType, DateTimeOffset seenAt,
        CheckResult result, CancellationToken cancel)
    {
        var verdict = CheckVerdict.Of(result);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var written = await connection.ExecuteAsync(new CommandDefinition(
            WriteSql,
            new
            {
                reportId,
                checkType,
                verdict.Status,
                verdict.Reason,
                verdict.IsPassed,
                verdict.Main?.Expected,
                verdict.Main?.Actual,
                verdict.Main?.Difference,
                verdict.Main?.Currency,
                verdict.ItemsChecked,
                verdict.ItemsFound,
                totals = verdict.TotalsJson,
            },
            transaction,
            cancellationToken: cancel));
        if (written == 0)
        {
            return null;
        }

        var context = new SightingContext(reportId, checkType, BreakScope.OfRun, seenAt);
        var recorded = await breaks.RecordAsync(connection, context, result, cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            RunReport.CountSql, new { reportId }, transaction, cancellationToken: cancel));

        // Last, since whoever holds the duty's row keeps the lease from being renewed.
        await duty.CheckpointAsync(connection, new { lastCheck = checkType }, cancel);
        await transaction.CommitAsync(cancel);
        return (verdict, recorded);
    }

    private const string StartSql = """
        UPDATE reconciliation_checks
        SET started_at = @seenAt
        WHERE report_id = @reportId AND check_type = @checkType AND status = 'pending'
        """;

    private const string WriteSql = """
        UPDATE reconciliation_checks
        SET status = @status, passed = @isPassed, reason = @reason, expected = @expected, actual = @actual,
            difference = @difference, currency = @currency, items_checked = @itemsChecked, items_found = @itemsFound,
            totals = @totals::jsonb, completed_at = clock_timestamp(),
            milliseconds = extract(epoch FROM clock_timestamp() - started_at) * 1000
        WHERE report_id = @reportId AND check_type = @checkType AND status = 'pending'
        """;
}
