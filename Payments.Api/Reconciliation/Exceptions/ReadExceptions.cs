using Dapper;
using Npgsql;
using Payments.Api.Paging;
using Payments.Ledger.Reconciliation;

namespace Payments.Api.Reconciliation.Exceptions;

/// <summary>Reads exceptions, newest first: by number, which is the order of first sight.</summary>
internal sealed class ReadExceptions(NpgsqlDataSource database, TimeProvider clock)
{
    /// <returns>Up to one more than the limit, in the direction of the page; null when the cursor is unknown.</returns>
    public async Task<List<ExceptionRow>?> ListAsync(
        ExceptionFilter filter, Guid? cursor, PageQuery query, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        long? number = null;
        if (cursor is { } id)
        {
            number = await connection.ExecuteScalarAsync<long?>(
                new CommandDefinition(NumberSql, new { id }, cancellationToken: cancel));
            if (number is null)
            {
                return null;
            }
        }

        return await ReadAsync(
            connection, query.Backwards ? OldestFirstSql : NewestFirstSql, filter,
            newer: query.Backwards ? long.MaxValue : number ?? long.MaxValue,
            older: query.Backwards ? number ?? 0 : 0, query.Limit + 1, cancel);
    }

    /// <summary>The next exceptions after this number, oldest first.</summary>
    public async Task<List<ExceptionRow>> SliceAsync(
        ExceptionFilter filter, long after, int count, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return await ReadAsync(connection, OldestFirstSql, filter, long.MaxValue, after, count, cancel);
    }

    public async Task<ExceptionRow?> FindAsync(Guid id, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return await FindAsync(connection, id, cancel);
    }

    public static Task<ExceptionRow?> FindAsync(NpgsqlConnection connection, Guid id, CancellationToken cancel) =>
        connection.QuerySingleOrDefaultAsync<ExceptionRow>(
            new CommandDefinition(FindSql, new { id }, cancellationToken: cancel));

    /// <summary>The same, with its row locked until the connection's transaction ends.</summary>
    public static Task<ExceptionRow?> LockAsync(NpgsqlConnection connection, Guid id, CancellationToken cancel) =>
        connection.QuerySingleOrDefaultAsync<ExceptionRow>(
            new CommandDefinition(LockSql, new { id }, cancellationToken: cancel));

    /// <summary>Locks several, in the order in which everybody does.</summary>
    public static Task<int> LockAsync(NpgsqlConnection connection, Guid[] ids, CancellationToken cancel) =>
        connection.ExecuteAsync(new CommandDefinition(LockAllSql, new { ids }, cancellationToken: cancel));

    private async Task<List<ExceptionRow>> ReadAsync(
        NpgsqlConnection connection, string sql, ExceptionFilter filter, long newer, long older, int count,
        CancellationToken cancel)
    {
        var parameters = new
        {
            filter.Statuses,
            filter.Severities,
            filter.CheckType,
            filter.Assignee,
            filter.Account,
            filter.Unresolved,
            filter.Overdue,
            now = clock.GetUtcNow(),
            newer,
            older,
            count,
        };
        return (await connection.QueryAsync<ExceptionRow>(
            new CommandDefinition(sql, parameters, cancellationToken: cancel))).AsList();
    }

    private const string NumberSql = "SELECT number FROM reconciliation_exceptions WHERE id = @id";

    private const string FindSql = """
        SELECT id, number, check_type, kind, severity, status, description, expected, actual, difference, currency,
            account_id, account_name, position, payment_id, transaction_id, flow_id, assignee, present, sightings,
            reopened, version, first_report_id, last_report_id, created_at, first_seen_at, last_seen_at, due_at,
            updated_at, acknowledged_at, resolved_at, resolved_by, resolved_by_key, resolved_difference,
            resolution_notes
        FROM reconciliation_exceptions
        WHERE id = @id
        """;

    private const string LockAllSql = """
        SELECT
        FROM reconciliation_exceptions
        WHERE id = ANY (@ids)
        ORDER BY check_type COLLATE "C", break_key
        FOR UPDATE
        """;

    private const string LockSql = FindSql + "\nFOR UPDATE";

    private const string NewestFirstSql = """
        SELECT id, number, check_type, kind, severity, status, description, expected, actual, difference, currency,
            account_id, account_name, position, payment_id, transaction_id, flow_id, assignee, present, sightings,
            reopened, version, first_report_id, last_report_id, created_at, first_seen_at, last_seen_at, due_at,
            updated_at, acknowledged_at, resolved_at, resolved_by, resolved_by_key, resolved_difference,
            resolution_notes
        FROM reconciliation_exceptions
        WHERE number < @newer AND number > @older
            AND (@statuses::text[] IS NULL OR status = ANY (@statuses))
            AND (@severities::text[] IS NULL OR severity = ANY (@severities))
            AND (@checkType::text IS NULL OR check_type = @checkType)
            AND (@assignee::text IS NULL OR assignee = @assignee)
            AND (@account::text IS NULL OR account_name = @account)
            AND (@unresolved::boolean IS NULL OR (resolved_at IS NULL) = @unresolved)
            AND (@overdue::boolean IS NULL OR (resolved_at IS NULL AND due_at < @now) = @overdue)
        ORDER BY number DESC
        LIMIT @count
        """;

    private static readonly string OldestFirstSql = NewestFirstSql.Replace(" DESC", "", StringComparison.Ordinal);
}

/// <summary>Which exceptions are wanted; null: all.</summary>
internal sealed record ExceptionFilter(
    string[]? Statuses, string[]? Severities, string? CheckType, string? Assignee, string? Account, bool? Unresolved,
    bool? Overdue)
{
    public static readonly string[] Names =
        ["status", "severity", "check_type", "assignee", "account", "unresolved", "overdue", "format"];

    public static readonly string[] Flags = ["true", "false"];

    public static ExceptionFilter Read(QueryParameters query) => new(
        ReadSeveral(query, "status", ExceptionStatus.All), ReadSeveral(query, "severity", Severity.All),
        query.GetOneOf("check_type", Ledger.Reconciliation.CheckType.All), query.Get("assignee"),
        query.Get("account"), ReadFlag(query, "unresolved"), ReadFlag(query, "overdue"));

    // One or several, with commas between them.
    private static string[]? ReadSeveral(QueryParameters query, string name, IReadOnlyList<string> known)
    {
        var wanted = query.Get(name)?.Split(',');
        if (wanted?.Except(known, StringComparer.Ordinal).Any() == true)
        {
            query.Refuse(name, "unknown_" + name, "must be one or more of " + string.Join(", ", known));
        }

        return wanted;
    }

    private static bool? ReadFlag(QueryParameters query, string name) =>
        query.GetOneOf(name, Flags) is { } flag ? flag == "true" : null;
}
