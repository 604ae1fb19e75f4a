using Dapper;
using Npgsql;
using Payments.Api.Paging;

namespace Payments.Api.Webhooks;

/// <summary>One page of the deliveries, newest first, and one delivery with its attempts.</summary>
internal sealed class ListDeliveries(NpgsqlDataSource database)
{
    public static readonly string[] Statuses = ["pending", "delivered", "failed", "cancelled"];

    // More are kept than anyone reads; the newest tell.
    private const int MostAttempts = 100;

    /// <returns>Up to one more than the limit, in the direction of the page; null when the cursor is unknown.</returns>
    public async Task<List<WebhookDeliveryAnswer>?> ExecuteAsync(
        Guid? cursor, Guid? targetId, PageQuery query, CancellationToken cancel)
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
            targetId,
            status = query.Get("status"),
            newer = query.Backwards ? long.MaxValue : place ?? long.MaxValue,
            older = query.Backwards ? place ?? 0 : 0,
            count = query.Limit + 1,
        };
        return (await connection.QueryAsync<WebhookDeliveryAnswer>(new CommandDefinition(
            query.Backwards ? OldestFirstSql : NewestFirstSql, parameters, cancellationToken: cancel))).AsList();
    }

    public async Task<WebhookDeliveryDetails?> FindAsync(Guid id, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var delivery = await FindAsync(connection, id, cancel);
        if (delivery is null)
        {
            return null;
        }

        var payload = await connection.ExecuteScalarAsync<string>(new CommandDefinition(
            "SELECT payload FROM webhook_events WHERE id = @eventId", new { delivery.EventId },
            cancellationToken: cancel));
        var attempts = await connection.QueryAsync<WebhookAttemptAnswer>(new CommandDefinition(
            AttemptsSql, new { id, most = MostAttempts }, cancellationToken: cancel));
        return new WebhookDeliveryDetails(delivery, payload!, attempts.AsList());
    }

    public static Task<WebhookDeliveryAnswer?> FindAsync(
        NpgsqlConnection connection, Guid id, CancellationToken cancel) =>
        connection.QuerySingleOrDefaultAsync<WebhookDeliveryAnswer>(
            new CommandDefinition(FindSql, new { id }, cancellationToken: cancel));

    private const string PlaceSql = "SELECT number FROM webhook_deliveries WHERE id = @id";

    private const string SelectSql = """
        SELECT d.id, d.event_id, e.type AS event_type, e.exception_id, d.target_id, t.url AS target_url, d.status,
            d.attempts, d.round - 1 AS replays, d.last_status_code, d.last_error, d.created_at, d.next_attempt_at,
            d.finished_at
        FROM webhook_deliveries AS d
        JOIN webhook_events AS e ON e.id = d.event_id
        JOIN webhook_targets AS t ON t.id = d.target_id
        """;

    private const string FindSql = SelectSql + " WHERE d.id = @id";

    private const string NewestFirstSql = SelectSql + """

        WHERE d.number < @newer AND d.number > @older
            AND (@targetId::uuid IS NULL OR d.target_id = @targetId)
            AND (@status::text IS NULL OR d.status = @status)
        ORDER BY d.number DESC
        LIMIT @count
        """;

    private static readonly string OldestFirstSql = NewestFirstSql.Replace(" DESC", "", StringComparison.Ordinal);

    private const string AttemptsSql = """
        SELECT number, started_at, milliseconds, status_code, answer, error
        FROM webhook_attempts
        WHERE delivery_id = @id
        ORDER BY number DESC
        LIMIT @most
        """;
}
