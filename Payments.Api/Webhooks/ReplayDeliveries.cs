using Dapper;
using Npgsql;
using Payments.Ledger.Audit;

namespace Payments.Api.Webhooks;

/// <summary>
/// Begins deliveries anew, with the whole schedule of retries: the same event under the same id, so that a receiver who
/// has it already can tell.
/// </summary>
internal sealed class ReplayDeliveries(AuditLog audit)
{
    // Rows that one transaction holds locked.
    private const int MostAtOnce = 2_000;

    /// <summary>One delivery, however it ended or stands, within the open transaction.</summary>
    public async Task<Problem?> ReplayOneAsync(
        NpgsqlConnection connection, Guid id, AuditActor by, CancellationToken cancel)
    {
        var enabled = await connection.ExecuteScalarAsync<bool?>(
            new CommandDefinition(FindTargetSql, new { id }, cancellationToken: cancel));
        if (enabled is not true)
        {
            return enabled is null ? WebhookProblems.DeliveryNotFound : WebhookProblems.Disabled;
        }

        if (await ReplayAsync(connection, OneSql, new { id }, cancel) == 0)
        {
            // It was cleared away meanwhile.
            return WebhookProblems.DeliveryNotFound;
        }

        await audit.RecordAsync(
            connection, new AuditEvent(by, "webhook_delivery.replayed", "webhook_delivery", id.ToString()), cancel);
        return null;
    }

    /// <summary>All that failed or were cancelled since a time, of targets that are enabled; oldest first.</summary>
    public async Task<WebhookReplayAnswer> ReplayAllAsync(
        NpgsqlConnection connection, ReplayRequest request, AuditActor by, CancellationToken cancel)
    {
        var replayed = await ReplayAsync(
            connection, AllSql, new { request.Since, request.TargetId, most = MostAtOnce }, cancel);
        await audit.RecordAsync(
            connection,
            new AuditEvent(
                by, "webhook_deliveries.replayed", "webhook_target", request.TargetId?.ToString() ?? "all")
            {
                Details = new { request.Since, replayed },
            },
            cancel);
        return new WebhookReplayAnswer(replayed, HasMore: replayed == MostAtOnce);
    }

    private static Task<int> ReplayAsync(
        NpgsqlConnection connection, string sql, object parameters, CancellationToken cancel) =>
        connection.ExecuteScalarAsync<int>(new CommandDefinition(sql, parameters, cancellationToken: cancel));

    private const string FindTargetSql = """
        SELECT t.enabled
        FROM webhook_deliveries AS d
        JOIN webhook_targets AS t ON t.id = d.target_id
        WHERE d.id = @id
        """;

    // The round is in the duty's arguments: a duty of the round before, if one is open, finds nothing to do.
    private const string BeginSql = """
        , begun AS (
            UPDATE webhook_deliveries AS d
            SET round = d.round + 1, round_attempts = 0, round_started_at = clock_timestamp(),
                next_attempt_at = clock_timestamp(), finished_at = NULL, status = 'pending'
            FROM chosen
            WHERE d.id = chosen.id
            RETURNING d.id, d.round
        ), duty AS (
            INSERT INTO duties (id, kind, arguments)
            SELECT gen_random_uuid(), 'webhook.deliver',
                jsonb_build_object('deliveryId', begun.id, 'round', begun.round)
            FROM begun
            RETURNING pg_notify('duties', '')
        )
        SELECT count(*)::int
        FROM duty
        """;

    private const string OneSql = """
        WITH chosen AS (
            SELECT @id AS id
        )
        """ + BeginSql;

    private const string AllSql = """
        WITH chosen AS MATERIALIZED (
            SELECT d.id
            FROM webhook_deliveries AS d
            JOIN webhook_targets AS t ON t.id = d.target_id
            WHERE d.status IN ('failed', 'cancelled') AND d.finished_at >= @since AND t.enabled
                AND (@targetId::uuid IS NULL OR d.target_id = @targetId)
            ORDER BY d.number
            LIMIT @most
            FOR UPDATE OF d
        )
        """ + BeginSql;
}
