using System.Diagnostics;
using Dapper;
using Npgsql;

namespace Payments.Ledger.Webhooks;

/// <summary>
/// Writes events where they happen: within the transaction that they tell of, with a delivery and its duty for every
/// target that is enabled and wants to know. What is rolled back is told to nobody; what is committed is sent even if
/// the process ends at once.
/// </summary>
public static class WebhookOutbox
{
    /// <summary>The kind of the duty that makes one delivery.</summary>
    public const string DutyKind = "webhook.deliver";

    /// <summary>Adds the event within the connection's open transaction, whose commit wakes a worker.</summary>
    /// <returns>How many targets will be told.</returns>
    public static Task<int> AddAsync(
        NpgsqlConnection connection, WebhookEvent webhookEvent, CancellationToken cancel) =>
        AddAsync(connection, [webhookEvent], cancel);

    /// <summary>The same for several events, in one statement; deliveries are numbered in this order.</summary>
    /// <returns>How many deliveries that makes.</returns>
    public static async Task<int> AddAsync(
        NpgsqlConnection connection, IReadOnlyList<WebhookEvent> webhookEvents, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(webhookEvents);
        return webhookEvents.Count == 0
            ? 0
            : await connection.ExecuteScalarAsync<int>(
                new CommandDefinition(AddSql, Parameters(webhookEvents), cancellationToken: cancel));
    }

    /// <summary>Adds an event for one target alone, whatever its filter, within the open transaction.</summary>
    /// <returns>The id of the delivery; null when there is no such target, or it is disabled.</returns>
    public static async Task<Guid?> AddForAsync(
        NpgsqlConnection connection, WebhookEvent webhookEvent, Guid targetId, CancellationToken cancel)
    {
        var parameters = Parameters([webhookEvent]);
        parameters.Add("targetId", targetId);
        return await connection.ExecuteScalarAsync<Guid?>(
            new CommandDefinition(AddForSql, parameters, cancellationToken: cancel));
    }

    private static DynamicParameters Parameters(IReadOnlyList<WebhookEvent> webhookEvents) => new(new
    {
        ids = webhookEvents.Select(one => one.Id).ToArray(),
        types = webhookEvents.Select(one => one.Type).ToArray(),
        createdAts = webhookEvents.Select(one => one.Timestamp.UtcDateTime).ToArray(),
        exceptionIds = webhookEvents.Select(one => one.ExceptionId).ToArray(),
        payloads = webhookEvents.Select(one => one.Payload()).ToArray(),
        traceparent = Activity.Current is { Recorded: true } activity ? activity.Id : null,
    });

    private const string EventSql = """
        WITH event AS (
            SELECT e.id, e.type, e.created_at, e.exception_id, e.payload, e.place
            FROM unnest(@ids, @types, @createdAts, @exceptionIds, @payloads) WITH ORDINALITY
                AS e (id, type, created_at, exception_id, payload, place)
        )
        """;

    // The first duty of a delivery has the delivery's id. Its arguments name the round: a replay's duty is another.
    private const string DeliverSql = """
        , delivery AS (
            INSERT INTO webhook_deliveries (id, created_at, round_started_at, next_attempt_at, target_id, event_id)
            SELECT gen_random_uuid(), event.created_at, clock_timestamp(), clock_timestamp(), chosen.target_id, added.id
            FROM added
            JOIN event ON event.id = added.id
            JOIN chosen ON chosen.event_id = added.id
            ORDER BY event.place
            RETURNING id
        ), duty AS (
            INSERT INTO duties (id, kind, arguments, traceparent)
            SELECT delivery.id, 'webhook.deliver', jsonb_build_object('deliveryId', delivery.id, 'round', 1),
                @traceparent
            FROM delivery
            RETURNING pg_notify('duties', '')
        )
        """;

    private const string AddSql = EventSql + """
        , chosen AS (
            SELECT event.id AS event_id, t.id AS target_id
            FROM event
            JOIN webhook_targets AS t ON t.enabled AND (t.event_types = '{}' OR event.type = ANY (t.event_types))
        ), added AS (
            INSERT INTO webhook_events (id, created_at, exception_id, type, payload)
            SELECT event.id, event.created_at, event.exception_id, event.type, event.payload
            FROM event
            RETURNING id
        )
        """ + DeliverSql + """

        SELECT count(*)::int
        FROM duty
        """;

    private const string AddForSql = EventSql + """
        , chosen AS (
            SELECT event.id AS event_id, t.id AS target_id
            FROM event
            JOIN webhook_targets AS t ON t.enabled AND t.id = @targetId
        ), added AS (
            INSERT INTO webhook_events (id, created_at, exception_id, type, payload)
            SELECT event.id, event.created_at, event.exception_id, event.type, event.payload
            FROM event
            JOIN chosen ON chosen.event_id = event.id
            RETURNING id
        )
        """ + DeliverSql + """

        SELECT delivery.id
        FROM delivery
        CROSS JOIN (SELECT count(*) FROM duty) AS told
        """;
}
