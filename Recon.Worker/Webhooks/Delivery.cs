using Dapper;
using Npgsql;
using Payments.Ledger.Webhooks;

namespace Recon.Worker.Webhooks;

/// <summary>A delivery that is open, with what it needs of its event and its target.</summary>
/// <param name="DueInSeconds">Until its next attempt; positive when its last worker died after recording one.</param>
/// <param name="RestsForSeconds">Until its target's rest ends.</param>
internal sealed record Delivery(
    Guid Id, Guid TargetId, int Round, int RoundAttempts, DateTimeOffset RoundStartedAt,
    double DueInSeconds, double RestsForSeconds, bool Enabled, string EventId, string Type, string Payload, string Url)
{
    public int MostAttempts => Type == WebhookEventType.Test ? 1 : WebhookSchedule.Attempts;

    /// <returns>Null when it is over, or was begun anew by a replay, whose duty is another.</returns>
    public static Task<Delivery?> FindAsync(
        NpgsqlConnection connection, DeliverWebhook.Work work, CancellationToken cancel) =>
        connection.QuerySingleOrDefaultAsync<Delivery>(new CommandDefinition(FindSql, work, cancellationToken: cancel));

    private const string FindSql = """
        SELECT d.id, d.target_id, d.round, d.round_attempts, d.round_started_at,
            extract(epoch FROM d.next_attempt_at - clock_timestamp())::float8 AS due_in_seconds,
            coalesce(extract(epoch FROM t.resting_until - clock_timestamp()), 0)::float8 AS rests_for_seconds,
            t.enabled, d.event_id, e.type, e.payload, t.url
        FROM webhook_deliveries AS d
        JOIN webhook_events AS e ON e.id = d.event_id
        JOIN webhook_targets AS t ON t.id = d.target_id
        WHERE d.id = @deliveryId AND d.round = @round AND d.status = 'pending'
        """;
}

/// <summary>One attempt that was made.</summary>
internal sealed record Attempt(DateTimeOffset StartedAt, TimeSpan Took, WebhookAnswer Answer);
