using Dapper;
using Npgsql;
using Payments.Api.Paging;
using Payments.Ledger.Reconciliation.Corrections;

namespace Payments.Api.Reconciliation.Adjustments;

/// <summary>Reads corrections, newest first: by id, which begins with the time.</summary>
internal sealed class ReadAdjustments(NpgsqlDataSource database)
{
    /// <returns>Up to one more than the limit, in the direction of the page; null when the cursor is unknown.</returns>
    public async Task<List<Adjustment>?> ListAsync(
        AdjustmentFilter filter, Guid? cursor, PageQuery query, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        if (cursor is { } id && !await connection.ExecuteScalarAsync<bool>(
            new CommandDefinition(ExistsSql, new { id }, cancellationToken: cancel)))
        {
            return null;
        }

        var parameters = new
        {
            filter.Status,
            filter.Kind,
            filter.ExceptionId,
            newer = query.Backwards ? Guid.AllBitsSet : cursor ?? Guid.AllBitsSet,
            older = query.Backwards ? cursor ?? Guid.Empty : Guid.Empty,
            count = query.Limit + 1,
        };
        return (await connection.QueryAsync<Adjustment>(new CommandDefinition(
            query.Backwards ? OldestFirstSql : NewestFirstSql, parameters, cancellationToken: cancel))).AsList();
    }

    public async Task<Adjustment?> FindAsync(Guid id, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<Adjustment>(
            new CommandDefinition(FindSql, new { id }, cancellationToken: cancel));
    }

    /// <summary>The last 100 of an exception, newest first.</summary>
    public static Task<IEnumerable<Adjustment>> OfExceptionAsync(
        NpgsqlConnection connection, Guid exceptionId, CancellationToken cancel) =>
        connection.QueryAsync<Adjustment>(new CommandDefinition(
            NewestFirstSql,
            new
            {
                Status = (string?)null,
                Kind = (string?)null,
                ExceptionId = (Guid?)exceptionId,
                newer = Guid.AllBitsSet,
                older = Guid.Empty,
                count = PageQuery.MostItems,
            },
            cancellationToken: cancel));

    private const string ExistsSql = "SELECT EXISTS (SELECT FROM reconciliation_adjustments WHERE id = @id)";

    private const string FindSql = """
        SELECT id, exception_id, kind, status, amount, counter_amount, currency, account_id, account, counter_account,
            needs_approval, corrects, transaction_id, counter_transaction_id, undo_transaction_id,
            undo_counter_transaction_id, reason, failure, proposed_by, approved_by, rejected_by, undone_by, created_at,
            decided_at, undone_at
        FROM reconciliation_adjustments
        WHERE id = @id
        """;

    private const string NewestFirstSql = """
        SELECT id, exception_id, kind, status, amount, counter_amount, currency, account_id, account, counter_account,
            needs_approval, corrects, transaction_id, counter_transaction_id, undo_transaction_id,
            undo_counter_transaction_id, reason, failure, proposed_by, approved_by, rejected_by, undone_by, created_at,
            decided_at, undone_at
        FROM reconciliation_adjustments
        WHERE id < @newer AND id > @older
            AND (@status::text IS NULL OR status = @status)
            AND (@kind::text IS NULL OR kind = @kind)
            AND (@exceptionId::uuid IS NULL OR exception_id = @exceptionId)
        ORDER BY id DESC
        LIMIT @count
        """;

    private static readonly string OldestFirstSql = NewestFirstSql.Replace(" DESC", "", StringComparison.Ordinal);
}

/// <summary>Which corrections are wanted; null: all.</summary>
internal sealed record AdjustmentFilter(string? Status, string? Kind, Guid? ExceptionId)
{
    public static readonly string[] Names = ["status", "kind", "exception_id"];

    public static AdjustmentFilter Read(QueryParameters query) => new(
        query.GetOneOf("status", AdjustmentStatus.All), query.GetOneOf("kind", AdjustmentKind.All),
        ReadException(query));

    private static Guid? ReadException(QueryParameters query)
    {
        if (query.Get("exception_id") is not { } text)
        {
            return null;
        }

        if (!Guid.TryParseExact(text, "D", out var id))
        {
            query.Refuse("exception_id", "invalid_id", "is not the id of an exception");
        }

        return id;
    }
}
