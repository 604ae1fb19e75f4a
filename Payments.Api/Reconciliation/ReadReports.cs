using Dapper;
using Npgsql;
using Payments.Api.Paging;

namespace Payments.Api.Reconciliation;

/// <summary>Reads reconciliation runs, newest first: by id, which begins with the time.</summary>
internal sealed class ReadReports(NpgsqlDataSource database)
{
    /// <returns>Up to one more than the limit, in the direction of the page; null when the cursor is unknown.</returns>
    public async Task<List<ReportRow>?> ListAsync(
        ReportFilter filter, Guid? cursor, PageQuery query, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        if (cursor is { } id && !await ExistsAsync(connection, id, cancel))
        {
            return null;
        }

        var parameters = new
        {
            filter.RunType,
            filter.Status,
            newer = query.Backwards ? Guid.AllBitsSet : cursor ?? Guid.AllBitsSet,
            older = query.Backwards ? cursor ?? Guid.Empty : Guid.Empty,
            count = query.Limit + 1,
        };
        return (await connection.QueryAsync<ReportRow>(new CommandDefinition(
            query.Backwards ? OldestFirstSql : NewestFirstSql, parameters, cancellationToken: cancel))).AsList();
    }

    /// <summary>The next reports after this one, oldest first.</summary>
    public async Task<List<ReportRow>> SliceAsync(
        ReportFilter filter, Guid after, int count, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var parameters = new { filter.RunType, filter.Status, newer = Guid.AllBitsSet, older = after, count };
        return (await connection.QueryAsync<ReportRow>(
            new CommandDefinition(OldestFirstSql, parameters, cancellationToken: cancel))).AsList();
    }

    public async Task<ReportRow?> FindAsync(Guid id, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<ReportRow>(
            new CommandDefinition(FindSql, new { id }, cancellationToken: cancel));
    }

    /// <summary>The exceptions that a run saw, by their numbers.</summary>
    /// <returns>Up to one more than the limit, in the direction of the page.</returns>
    public async Task<List<SeenExceptionRow>> ListExceptionsAsync(
        Guid id, long? cursor, PageQuery query, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var parameters = new
        {
            id,
            behind = query.Backwards ? 0 : cursor ?? 0,
            before = query.Backwards ? cursor ?? long.MaxValue : long.MaxValue,
            count = query.Limit + 1,
        };
        return (await connection.QueryAsync<SeenExceptionRow>(new CommandDefinition(
            query.Backwards ? ExceptionsBackwardsSql : ExceptionsSql, parameters, cancellationToken: cancel))).AsList();
    }

    private static Task<bool> ExistsAsync(NpgsqlConnection connection, Guid id, CancellationToken cancel) =>
        connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "SELECT EXISTS (SELECT FROM reconciliation_reports WHERE id = @id)", new { id },
            cancellationToken: cancel));

    private const string NewestFirstSql = """
        SELECT id, run_type, status, slot, created_at, started_at, completed_at, milliseconds, total_checks,
            passed_checks, failed_checks, inconclusive_checks, exceptions_count, requested_by, error_message
        FROM reconciliation_reports
        WHERE id < @newer AND id > @older
            AND (@runType::text IS NULL OR run_type = @runType)
            AND (@status::text IS NULL OR status = @status)
        ORDER BY id DESC
        LIMIT @count
        """;

    private static readonly string OldestFirstSql = NewestFirstSql.Replace(" DESC", "", StringComparison.Ordinal);

    private const string FindSql = """
        SELECT id, run_type, status, slot, created_at, started_at, completed_at, milliseconds, total_checks,
            passed_checks, failed_checks, inconclusive_checks, exceptions_count, requested_by, error_message
        FROM reconciliation_reports
        WHERE id = @id
        """;

    private const string ExceptionsSql = """
        SELECT e.id, e.number, e.check_type, e.kind, e.severity, e.status, e.description, s.difference, e.currency,
            e.account_name, s.seen_at, e.first_seen_at, e.sightings
        FROM reconciliation_sightings AS s
        JOIN reconciliation_exceptions AS e ON e.id = s.exception_id
        WHERE s.report_id = @id AND e.number > @behind AND e.number < @before
        ORDER BY e.number
        LIMIT @count
        """;

    private static readonly string ExceptionsBackwardsSql =
        ExceptionsSql.Replace("ORDER BY e.number", "ORDER BY e.number DESC", StringComparison.Ordinal);
}

/// <summary>Which runs are wanted; null: all.</summary>
internal sealed record ReportFilter(string? RunType, string? Status)
{
    public static IReadOnlyList<string> Statuses { get; } = ["pending", "in_progress", "completed", "failed"];

    public static ReportFilter Read(QueryParameters query) => new(
        query.GetOneOf("run_type", Ledger.Reconciliation.RunType.All), query.GetOneOf("status", Statuses));
}
