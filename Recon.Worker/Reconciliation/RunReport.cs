using Dapper;
using Npgsql;
using Payments.Ledger;
using Recon.Worker.Duties;
using Recon.Worker.Reconciliation.Corrections;

namespace Recon.Worker.Reconciliation;

/// <summary>The report of a run as its worker writes it: begun, explained, completed or failed.</summary>
internal sealed class RunReport(DutySessions database, TimeProvider clock)
{
    /// <summary>Marks the run as in progress and writes a row for each check that is to be made.</summary>
    /// <returns>The checks that are not made yet; null when the run has ended.</returns>
    public async Task<IReadOnlySet<string>?> BeginAsync(
        Duty duty, Guid reportId, IEnumerable<string> checkTypes, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var types = checkTypes.ToArray();
        await using var connection = await database.OpenAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await duty.GuardAsync(connection, cancel);
        var begun = await connection.ExecuteAsync(new CommandDefinition(
            BeginSql, new { reportId, now }, transaction, cancellationToken: cancel));
        if (begun == 0)
        {
            return null;
        }

        // Ids of one moment are in no order: sorted, they list the checks as they are made.
        var ids = types.Select(_ => TimeOrderedId.New(now)).Order().ToArray();
        var planned = new { reportId, now, types, ids };
        await connection.ExecuteAsync(new CommandDefinition(
            PlanSql, planned, transaction, cancellationToken: cancel));
        await connection.ExecuteAsync(new CommandDefinition(
            CountSql, new { reportId }, transaction, cancellationToken: cancel));
        var open = await connection.QueryAsync<string>(new CommandDefinition(
            OpenSql, new { reportId }, transaction, cancellationToken: cancel));
        await transaction.CommitAsync(cancel);
        return open.ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Says why a check could not be made so far.</summary>
    public async Task ExplainAsync(
        Duty duty, Guid reportId, string checkType, string reason, CancellationToken cancel)
    {
        await using var connection = await database.OpenAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await duty.GuardAsync(connection, cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            ExplainSql, new { reportId, checkType, reason }, transaction, cancellationToken: cancel));
        await transaction.CommitAsync(cancel);
    }

    /// <returns>Null when the run had ended before.</returns>
    public async Task<CompletedRun?> CompleteAsync(Duty duty, Guid reportId, CancellationToken cancel)
    {
        await using var connection = await database.OpenAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await duty.GuardAsync(connection, cancel);
        var completed = await connection.QuerySingleOrDefaultAsync<CompletedRun>(new CommandDefinition(
            CompleteSql, new { reportId, now = clock.GetUtcNow() }, transaction, cancellationToken: cancel));
        if (completed is not null)
        {
            await CorrectLowSeverity.EnqueueAsync(connection, reportId, clock.GetUtcNow(), cancel);
        }

        await transaction.CommitAsync(cancel);
        return completed;
    }

    /// <summary>Marks the run as failed within the open transaction.</summary>
    /// <returns>How long it took; null when it had ended before.</returns>
    public async Task<TimeSpan?> FailAsync(
        NpgsqlConnection connection, Guid reportId, string error, CancellationToken cancel)
    {
        var milliseconds = await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            FailSql, new { reportId, error, now = clock.GetUtcNow() }, cancellationToken: cancel));
        return milliseconds is { } known ? TimeSpan.FromMilliseconds(known) : null;
    }

    /// <summary>Counts what the run has so far, so that its progress can be watched.</summary>
    public const string CountSql = """
        UPDATE reconciliation_reports AS report
        SET total_checks = made.total, passed_checks = made.passed, failed_checks = made.failed,
            inconclusive_checks = made.inconclusive, exceptions_count = seen.exceptions
        FROM (
            SELECT count(*) AS total, count(*) FILTER (WHERE c.status = 'passed') AS passed,
                count(*) FILTER (WHERE c.status = 'failed') AS failed,
                count(*) FILTER (WHERE c.status = 'inconclusive') AS inconclusive
            FROM reconciliation_checks AS c
            WHERE c.report_id = @reportId
        ) AS made, (
            SELECT count(*) AS exceptions
            FROM reconciliation_sightings AS s
            WHERE s.report_id = @reportId
        ) AS seen
        WHERE report.id = @reportId
        """;

    private const string BeginSql = """
        UPDATE reconciliation_reports
        SET status = 'in_progress', started_at = coalesce(started_at, @now)
        WHERE id = @reportId AND status IN ('pending', 'in_progress')
        """;

    private const string PlanSql = """
        INSERT INTO reconciliation_checks (id, report_id, check_type, created_at)
        SELECT planned.id, @reportId, planned.check_type, @now
        FROM unnest(@ids, @types) AS planned (id, check_type)
        ON CONFLICT ON CONSTRAINT reconciliation_checks_one_of_a_type DO NOTHING
        """;

    private const string OpenSql = """
        SELECT check_type
        FROM reconciliation_checks
        WHERE report_id = @reportId AND status = 'pending'
        """;

    private const string ExplainSql = """
        UPDATE reconciliation_checks
        SET reason = @reason
        WHERE report_id = @reportId AND check_type = @checkType AND status = 'pending'
        """;

    private const string CompleteSql = """
        UPDATE reconciliation_reports
        SET status = 'completed', completed_at = @now, milliseconds = extract(epoch FROM @now - started_at) * 1000
        WHERE id = @reportId AND status = 'in_progress'
        RETURNING milliseconds, passed_checks, failed_checks, inconclusive_checks, exceptions_count
        """;

    // A run may be given up before it ever began: its worker disappeared with it each time.
    private const string FailSql = """
        UPDATE reconciliation_reports
        SET status = 'failed', error_message = @error, completed_at = @now,
            milliseconds = extract(epoch FROM @now - coalesce(started_at, @now)) * 1000
        WHERE id = @reportId AND status IN ('pending', 'in_progress')
        RETURNING milliseconds
        """;
}

/// <summary>How a run ended; columns in this order.</summary>
internal sealed record CompletedRun(
    long Milliseconds, int PassedChecks, int FailedChecks, int InconclusiveChecks, int ExceptionsCount)
{
    public TimeSpan Duration => TimeSpan.FromMilliseconds(Milliseconds);
}
