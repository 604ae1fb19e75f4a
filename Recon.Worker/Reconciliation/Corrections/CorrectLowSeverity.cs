using Dapper;
using Npgsql;
using Payments.Ledger;
using Payments.Ledger.Duties;
using Payments.Ledger.Reconciliation;
using Payments.Ledger.Reconciliation.Corrections;
using Recon.Worker.Duties;

namespace Recon.Worker.Reconciliation.Corrections;

/// <summary>
/// After a run: corrects the remainders of low severity that it saw, one by one, each in a transaction of its own that
/// also makes the check of the item again. What is above the limits becomes a proposal that waits for a person. What
/// somebody works on, or took back, is left to people, and so is what failed several times.
/// </summary>
internal sealed class CorrectLowSeverity(
    DutySessions database,
    CorrectException correct,
    CorrectionTelemetry telemetry,
    ReconciliationOptions options,
    ILogger<CorrectLowSeverity> logger) : IDutyHandler
{
    public const string DutyKind = "reconciliation.correct";

    /// <summary>How often one exception is tried.</summary>
    public const int MostFailures = 3;

    public string Kind => DutyKind;

    public bool IsLong => true;

    /// <summary>
    /// Queues the corrections of a run in the open transaction that completes it; nothing when it saw nothing that can
    /// be corrected.
    /// </summary>
    public static async Task EnqueueAsync(
        NpgsqlConnection connection, Guid reportId, DateTimeOffset now, CancellationToken cancel)
    {
        if ((await FindAsync(connection, reportId, cancel)).Count > 0)
        {
            var duty = new NewDuty(TimeOrderedId.New(now), DutyKind, new CorrectionArguments(reportId));
            await DutyTable.AddAsync(connection, duty, cancel);
        }
    }

    public async Task<DutyOutcome> RunAsync(Duty duty, CancellationToken cancel)
    {
        if (!options.AutoCorrectLowSeverity)
        {
            return DutyOutcome.Done;
        }

        await using var connection = await database.OpenAsync(cancel);
        foreach (var exceptionId in await FindAsync(
            connection, duty.Read<CorrectionArguments>().ReportId, cancel))
        {
            await CorrectAsync(connection, duty, exceptionId, cancel);
        }

        return DutyOutcome.Done;
    }

    private async Task CorrectAsync(NpgsqlConnection connection, Duty duty, Guid exceptionId, CancellationToken cancel)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var proposal = new Proposal(
            exceptionId, AdjustmentKind.Adjustment, "A remainder of low severity.", CorrectException.Service);
        var result = await correct.ExecuteAsync(connection, proposal, cancel);
        if (result is not ProposalResult.Recorded { IsNew: true } recorded)
        {
            // It was dealt with meanwhile, or is no remainder any more: the next look will tell.
            logger.LogInformation("Exception {ExceptionId} was not corrected: {Result}", exceptionId, result);
            return;
        }

        await duty.GuardAsync(connection, cancel);
        await transaction.CommitAsync(cancel);
        telemetry.Tried(recorded.Adjustment);
        logger.LogInformation(
            "Correction {AdjustmentId} of exception {ExceptionId} is {Status}", recorded.Adjustment.Id, exceptionId,
            recorded.Adjustment.Status);
    }

    private static async Task<List<Guid>> FindAsync(
        NpgsqlConnection connection, Guid reportId, CancellationToken cancel) =>
        (await connection.QueryAsync<Guid>(new CommandDefinition(
            FindSql, new { reportId, MostFailures }, cancellationToken: cancel))).AsList();

    private const string FindSql = """
        SELECT exception.id
        FROM reconciliation_sightings AS sighting
        JOIN reconciliation_exceptions AS exception ON exception.id = sighting.exception_id
        WHERE sighting.report_id = @reportId AND exception.status = 'open' AND exception.assignee IS NULL
            AND exception.severity = 'low' AND exception.present
            AND exception.check_type IN ('deposits', 'conversion_jobs', 'withdrawals')
            AND exception.kind LIKE '%\_amount\_mismatch'
            AND NOT EXISTS (
                SELECT
                FROM reconciliation_adjustments AS adjustment
                WHERE adjustment.exception_id = exception.id
                    AND adjustment.status IN ('proposed', 'rejected', 'undone')
            )
            AND (
                SELECT count(*)
                FROM reconciliation_adjustments AS adjustment
                WHERE adjustment.exception_id = exception.id AND adjustment.status = 'failed'
            ) < @mostFailures
        ORDER BY exception.number
        """;
}

/// <summary>What the duty is told.</summary>
internal sealed record CorrectionArguments(Guid ReportId);
