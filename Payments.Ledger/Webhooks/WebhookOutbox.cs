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
    public static async Task<int> AddAsync(
        NpgsqlConnection connection, WebhookEvent webhookEvent, CancellationToken cancel) =>
        await connection.ExecuteScalarAsync<int>(new CommandDefinition(
            AddSql, Parameters(webhookEvent), cancellationToken: cancel));

    /// <summary>Adds an event for one target alone, whatever its filter, within the open transaction.</summary>
    /// <returns>The id of the delivery; null when there is no such target, or it is disabled.</returns>
    public static async Task<Guid?> AddForAsync(
        NpgsqlConnection connection, WebhookEvent webhookEvent, Guid targetId, CancellationToken cancel)
    {
        var parameters = Parameters(webhookEvent);
        parameters.Add("targetId", targetId);
        return await connection.ExecuteScalarAsync<Guid?>(
            new CommandDefinition(AddForSql, parameters, cancellationToken: cancel));
    }

    private static DynamicParameters Parameters(WebhookEvent webhookEvent)
    {
        ArgumentNullException.ThrowIfNull(webhookEvent);
        var parameters = new DynamicParameters();
        parameters.Add("id", webhookEvent.Id);
        parameters.Add("type", webhookEvent.Type);
        parameters.Add("createdAt", webhookEvent.Timestamp.UtcDateTime);
        parameters.Add("exceptionId", webhookEvent.ExceptionId);
        parameters.Add("payload", webhookEvent.Payload());
        parameters.Add("traceparent", Activity.Current is { Recorded: true } activity ? activity.Id : null);
        return parameters;
    }

    // The first duty of a delivery has the delivery's id. Its arguments name the round: a replay's duty is another.
    private const string DeliverSql = """
        , delivery AS (
            INSERT INTO webhook_deliveries (id, created_at, round_started_at, next_attempt_at, target_id, event_id)
            SELECT gen_random_uuid(), added.created_at, clock_timestamp(), clock_timestamp(), target.id, added.id
            FROM target
            CROSS JOIN added
            RETURNING id
        ), duty AS (
            INSERT INTO duties (id, kind, arguments, traceparent)
            SELECT delivery.id, 'webhook.deliver', jsonb_build_object('deliveryId', delivery.id, 'round', 1),
                @traceparent
            FROM delivery
            RETURNING pg_notify('duties', '')
        )
        """;

    private const string AddSql = """
        WITH added AS (
            INSERT INTO webhook_events (id, created_at, exception_id, type, payload)
            VALUES (@id, @createdAt, @exceptionId, @type, @payload)
            RETURNING id, created_at
        ), target AS (
            SELECT t.id
            FROM webhook_targets AS t
            WHERE t.enabled AND (t.event_types = '{}' OR @type = ANY (t.event_types))
        )
        """ + DeliverSql + """

        SELECT count(*)::int
        FROM duty
        """;

    private const string AddForSql = """
        WITH target AS (
            SELECT t.id
            FROM webhook_targets AS t
            WHERE t.enabled AND t.id = @targetId
        ), added AS (
            INSERT INTO webhook_events (id, created_at, exception_id, type, payload)
            SELECT @id, @createdAt, @exceptionId, @type, @payload
            FROM target
            RETURNING id, created_at
        )
        """ + DeliverSql + """

        SELECT delivery.id
        FROM delivery
        CROSS JOIN (SELECT count(*) FROM duty) AS told
        """;
}
