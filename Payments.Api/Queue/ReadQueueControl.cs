using Dapper;
using Npgsql;

namespace Payments.Api.Queue;

/// <summary>Reads whether the queue is paused, and what its workers say of themselves.</summary>
internal sealed class ReadQueueControl(NpgsqlDataSource database)
{
    public async Task<QueueControlAnswer> ExecuteAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return await ExecuteAsync(connection, cancel);
    }

    /// <summary>As the connection's open transaction sees it.</summary>
    public static async Task<QueueControlAnswer> ExecuteAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var rows = await connection.QueryMultipleAsync(
            new CommandDefinition(ReadSql, cancellationToken: cancel));
        var pause = await rows.ReadSingleAsync<QueuePauseAnswer>();
        return new QueueControlAnswer(pause, (await rows.ReadAsync<WorkerAnswer>()).AsList());
    }

    // A worker beats every three seconds; one that is silent for 30 is frozen, dead or cut off.
    private const string ReadSql = """
        SELECT paused_at IS NOT NULL AS paused, paused_at, paused_by, pause_reason AS reason
        FROM queue_control;

        SELECT worker.id,
            CASE
                WHEN worker.seen_at < clock_timestamp() - interval '30 seconds' THEN 'silent'
                WHEN worker.paused_since IS NOT NULL THEN 'paused'
                WHEN worker.pause_asked_at IS NOT NULL OR queue.paused_at IS NOT NULL THEN 'pausing'
                ELSE 'running'
            END AS state,
            worker.started_at, worker.seen_at, worker.settled_last_minute, worker.pause_asked_at,
            worker.pause_asked_by, worker.paused_since
        FROM workers AS worker
        CROSS JOIN queue_control AS queue
        ORDER BY worker.started_at, worker.id
        """;
}
