using Dapper;
using Npgsql;
using Payments.Ledger;
using Payments.Ledger.Audit;

namespace Payments.Api.Queue;

/// <summary>
/// Pauses and resumes the whole queue, or one worker. A paused worker finishes what it holds and claims nothing more;
/// payments are accepted all the same. To ask again for what is so already changes nothing. All of it within the open
/// transaction.
/// </summary>
internal sealed class PauseQueue(AuditLog audit)
{
    /// <param name="workerId">Null: all of them, those too that start later.</param>
    /// <returns>Whether there is such a worker.</returns>
    public Task<bool> PauseAsync(
        NpgsqlConnection connection, string? workerId, AuditActor by, string? reason, CancellationToken cancel) =>
        ExecuteAsync(
            connection,
            workerId is null ? PauseAllSql : PauseWorkerSql,
            new { workerId, by = by.Name, reason },
            EventOf(by, "queue.paused", workerId) with { Details = new { reason } },
            cancel);

    /// <returns>Whether there is such a worker.</returns>
    public Task<bool> ResumeAsync(
        NpgsqlConnection connection, string? workerId, AuditActor by, CancellationToken cancel) =>
        ExecuteAsync(
            connection,
            workerId is null ? ResumeAllSql : ResumeWorkerSql,
            new { workerId },
            EventOf(by, "queue.resumed", workerId),
            cancel);

    private static AuditEvent EventOf(AuditActor by, string action, string? workerId) =>
        workerId is null ? new(by, action, "queue", "all") : new(by, action, "worker", workerId);

    private async Task<bool> ExecuteAsync(
        NpgsqlConnection connection, string sql, object parameters, AuditEvent audited, CancellationToken cancel)
    {
        var changed = await connection.ExecuteAsync(
            new CommandDefinition(sql, parameters, cancellationToken: cancel));
        if (changed > 0)
        {
            await audit.RecordAsync(connection, audited, cancel);

            // With the commit workers hear of it at once, and screens too; whoever misses it looks within a second.
            await connection.ExecuteAsync(new CommandDefinition(
                "SELECT pg_notify(@workers, ''), pg_notify(@screens, '')",
                new { workers = Database.QueueControlChannel, screens = Database.ChangesChannel },
                cancellationToken: cancel));
        }

        return changed > 0;
    }

    private const string PauseAllSql = """
        UPDATE queue_control
        SET paused_at = coalesce(paused_at, clock_timestamp()),
            paused_by = coalesce(paused_by, @by),
            pause_reason = CASE WHEN paused_at IS NULL THEN @reason ELSE pause_reason END
        """;

    private const string ResumeAllSql =
        "UPDATE queue_control SET paused_at = NULL, paused_by = NULL, pause_reason = NULL";

    private const string PauseWorkerSql = """
        UPDATE workers
        SET pause_asked_at = coalesce(pause_asked_at, clock_timestamp()), pause_asked_by = coalesce(pause_asked_by, @by)
        WHERE id = @workerId
        """;

    private const string ResumeWorkerSql = """
        UPDATE workers
        SET pause_asked_at = NULL, pause_asked_by = NULL
        WHERE id = @workerId
        """;
}
