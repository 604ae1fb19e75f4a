using Dapper;
using Npgsql;
using Payments.Api.Keys;
using Payments.Ledger.Audit;
using Payments.Ledger.Jobs;

namespace Payments.Api.Queue;

/// <summary>
/// Puts dead letters back into the queue and keeps what they had died of, in one transaction. A redriven job runs alone
/// first, so that it takes no neighbour down with it, and has all its tries again.
/// </summary>
internal sealed class RedriveDeadLetters(
    Notifier workers, CountQueue countQueue, AuditLog audit, ILogger<RedriveDeadLetters> logger)
{
    // Rows that one statement moves.
    private const int MostAtOnce = 500;

    /// <summary>Within the open transaction.</summary>
    /// <param name="id">Null: all that are dead now.</param>
    /// <returns>Those that were redriven.</returns>
    public async Task<IReadOnlyList<Guid>> ExecuteAsync(
        NpgsqlConnection connection, Guid? id, Caller caller, CancellationToken cancel)
    {
        var redriven = new List<Guid>();
        List<Guid> batch;
        do
        {
            batch = (await connection.QueryAsync<Guid>(new CommandDefinition(
                RedriveSql, new { id, caller.Key.OwnerId, most = MostAtOnce }, cancellationToken: cancel))).AsList();
            await audit.RecordAllAsync(connection, [.. batch.Select(job => EventOf(caller.Actor, job))], cancel);
            redriven.AddRange(batch);
        }
        while (batch.Count == MostAtOnce);
        return redriven;
    }

    /// <summary>What the audit trail calls it.</summary>
    public static AuditEvent EventOf(AuditActor actor, Guid job) =>
        new(actor, "dead_letter.redriven", "job", job.ToString());

    /// <summary>Once that is committed.</summary>
    public void Tell(IReadOnlyList<Guid> redriven, Caller caller)
    {
        foreach (var job in redriven)
        {
            logger.LogInformation("Dead letter {JobId} was redriven by {Owner}", job, caller.Key.OwnerName);
        }

        if (redriven.Count > 0)
        {
            countQueue.Forget();
            workers.Signal();
        }
    }

    // Locked in id order: two operators who redrive the same wait for each other, and the second finds nothing.
    private const string RedriveSql = """
        WITH dead AS MATERIALIZED (
            SELECT job.id, job.payment_id, job.buried_at, job.attempts, job.failures, job.last_error
            FROM recon_jobs AS job
            WHERE job.buried_at IS NOT NULL AND (@id::uuid IS NULL OR job.id = @id)
            ORDER BY job.id
            LIMIT @most
            FOR UPDATE
        ), kept AS (
            INSERT INTO redrives (job_id, payment_id, buried_at, owner_id, attempts, failures, last_error)
            SELECT dead.id, dead.payment_id, dead.buried_at, @ownerId, dead.attempts, dead.failures, dead.last_error
            FROM dead
        )
        UPDATE recon_jobs AS job
        SET status = 'pending', finished_at = NULL, buried_at = NULL, available_at = clock_timestamp(), failures = 0,
            suspect = true, runs_alone = false, locked_by = NULL, locked_at = NULL
        WHERE job.id = ANY (ARRAY (SELECT dead.id FROM dead))
        RETURNING job.id
        """;
}
