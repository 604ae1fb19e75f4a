using Dapper;
using Npgsql;
using Payments.Api.Paging;

namespace Payments.Api.Reconciliation;

/// <summary>
/// Reads the checks of all runs, newest first, and those of one run in the order in which it makes them.
/// </summary>
internal sealed class ReadChecks(NpgsqlDataSource database)
{
    /// <returns>Up to one more than the limit, in the direction of the page; null when the cursor is unknown.</returns>
    public async Task<List<CheckRow>?> ListAsync(
        CheckFilter filter, Guid? cursor, PageQuery query, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        if (cursor is { } id && !await ExistsAsync(connection, id, cancel))
        {
            return null;
        }

        var parameters = new
        {
            filter.CheckType,
            filter.Status,
            filter.ReportId,
            newer = query.Backwards ? Guid.AllBitsSet : cursor ?? Guid.AllBitsSet,
            older = query.Backwards ? cursor ?? Guid.Empty : Guid.Empty,
            count = query.Limit + 1,
        };
        return (await connection.QueryAsync<CheckRow>(new CommandDefinition(
            query.Backwards ? OldestFirstSql : NewestFirstSql, parameters, cancellationToken: cancel))).AsList();
    }

    /// <summary>The next checks after this one, oldest first.</summary>
    public async Task<List<CheckRow>> SliceAsync(CheckFilter filter, Guid after, int count, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var parameters = new
        {
            filter.CheckType,
            filter.Status,
            filter.ReportId,
            newer = Guid.AllBitsSet,
            older = after,
            count,
        };
        return (await connection.QueryAsync<CheckRow>(
            new CommandDefinition(OldestFirstSql, parameters, cancellationToken: cancel))).AsList();
    }

    public async Task<IReadOnlyList<CheckRow>> OfReportAsync(Guid reportId, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var order = Ledger.Reconciliation.CheckType.All.ToArray();
        var rows = await connection.QueryAsync<CheckRow>(
            new CommandDefinition(OfReportSql, new { reportId, order }, cancellationToken: cancel));
        return rows.AsList();
    }

    private static Task<bool> ExistsAsync(NpgsqlConnection connection, Guid id, CancellationToken cancel) =>
        connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "SELECT EXISTS (SELECT FROM reconciliation_checks WHERE id = @id)", new { id }, cancellationToken: cancel));

    private const string NewestFirstSql = """
        SELECT c.id, c.report_id, r.run_type, c.check_type, c.status, c.passed, c.expected, c.actual, c.difference,
            c.currency, c.totals::text AS totals, c.items_checked, c.items_found, c.reason, c.created_at, c.started_at,
            c.completed_at, c.milliseconds
        FROM reconciliation_checks AS c
        JOIN reconciliation_reports AS r ON r.id = c.report_id
        WHERE c.id < @newer AND c.id > @older
            AND (@checkType::text IS NULL OR c.check_type = @checkType)
            AND (@status::text IS NULL OR c.status = @status)
            AND (@reportId::uuid IS NULL OR c.report_id = @reportId)
        ORDER BY c.id DESC
        LIMIT @count
        """;

    private static readonly string OldestFirstSql = NewestFirstSql.Replace(" DESC", "", StringComparison.Ordinal);

    private const string OfReportSql = """
        SELECT c.id, c.report_id, r.run_type, c.check_type, c.status, c.passed, c.expected, c.actual, c.difference,
            c.currency, c.totals::text AS totals, c.items_checked, c.items_found, c.reason, c.created_at, c.started_at,
            c.completed_at, c.milliseconds
        FROM reconciliation_checks AS c
        JOIN reconciliation_reports AS r ON r.id = c.report_id
        WHERE c.report_id = @reportId
        ORDER BY array_position(@order, c.check_type), c.check_type
        """;
}

/// <summary>Which checks are wanted; null: all.</summary>
internal sealed record CheckFilter(string? CheckType, string? Status, Guid? ReportId)
{
    public static IReadOnlyList<string> Statuses { get; } = ["pending", "passed", "failed", "inconclusive"];

    public static CheckFilter Read(QueryParameters query) => new(
        query.GetOneOf("check_type", Ledger.Reconciliation.CheckType.All), query.GetOneOf("status", Statuses),
        ReadReport(query));

    private static Guid? ReadReport(QueryParameters query)
    {
        if (query.Get("report_id") is not { } text)
        {
            return null;
        }

        if (!Guid.TryParseExact(text, "D", out var id))
        {
            query.Refuse("report_id", "invalid_id", "is not the id of a report");
        }

        return id;
    }
}
