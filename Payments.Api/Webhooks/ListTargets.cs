using Dapper;
using Npgsql;
using Payments.Api.Paging;

namespace Payments.Api.Webhooks;

/// <summary>One page of the targets, newest first.</summary>
internal sealed class ListTargets(NpgsqlDataSource database)
{
    /// <returns>Up to one more than the limit, in the direction of the page; null when the cursor is unknown.</returns>
    public async Task<List<TargetRow>?> ExecuteAsync(Guid? cursor, PageQuery query, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        long? place = null;
        if (cursor is { } id)
        {
            place = await connection.ExecuteScalarAsync<long?>(
                new CommandDefinition(PlaceSql, new { id }, cancellationToken: cancel));
            if (place is null)
            {
                return null;
            }
        }

        var parameters = new
        {
            newer = query.Backwards ? long.MaxValue : place ?? long.MaxValue,
            older = query.Backwards ? place ?? 0 : 0,
            count = query.Limit + 1,
        };
        return (await connection.QueryAsync<TargetRow>(new CommandDefinition(
            query.Backwards ? OldestFirstSql : NewestFirstSql, parameters, cancellationToken: cancel))).AsList();
    }

    public async Task<TargetRow?> FindAsync(Guid id, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return await TargetRow.FindAsync(connection, id, cancel);
    }

    // A target that was deleted meanwhile still is a cursor.
    private const string PlaceSql = "SELECT number FROM webhook_targets WHERE id = @id";

    private const string NewestFirstSql = "SELECT " + TargetRow.Columns + """

        FROM webhook_targets AS t
        WHERE t.deleted_at IS NULL AND t.number < @newer AND t.number > @older
        ORDER BY t.number DESC
        LIMIT @count
        """;

    private static readonly string OldestFirstSql = NewestFirstSql.Replace(" DESC", "", StringComparison.Ordinal);
}
