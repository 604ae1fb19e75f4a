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
    NpgsqlDataSource database, Notifier workers, CountQueue countQueue, AuditLog audit,
    ILogger<RedriveDeadLetters> logger)
{
    // Rows that one transaction holds locked.
    private const int MostAtOnce = 500;

    /// <returns>Whether there was such a dead letter.</returns>
    public async Task<bool> RedriveOneAsync(Guid id, Caller caller, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return await RedriveAsync(connection, id, until: DateTimeOffset.MaxValue, caller, cancel) == 1;
    }

    /// <summary>Redrives all that are dead now; one that dies again meanwhile is not redriven a second time.</summary>
    /// <returns>How many were redriven.</returns>
    public async Task<long> RedriveAllAsync(Caller caller, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var until = await connection.ExecuteScalarAsync<DateTimeOffset>(
            new CommandDefinition("SELECT clock_timestamp()", cancellationToken: cancel));
        var total = 0L;
        while (await RedriveAsync(connection, id: null, until, caller, cancel) is var redriven and > 0)
        {
            total += redriven;
        }

        return total;
    }

    private async Task<int> RedriveAsync(
        NpgsqlConnection connection, Guid? id, DateTimeOffset until, Caller caller, CancellationToken cancel)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var redriven = (await connection.QueryAsync<Guid>(new CommandDefinition(
            RedriveSql, new { id, until, caller.Key.OwnerId, most = MostAtOnce }, transaction,
            cancellationToken: cancel))).AsList();
        foreach (var job in redriven)
        {
            await audit.RecordAsync(
                connection, new AuditEvent(caller.Actor, "dead_letter.redriven", "job", job.ToString()), cancel);
        }

        await transaction.CommitAsync(cancel);
        foreach (var job in redriven)
        {
            logger.LogInformation("Dead letter {JobId} was redriven by {Owner}", job, caller.Key.OwnerName);
        }

        if (redriven.Count > 0)
        {
            countQueue.Forget();
            workers.Signal();
        }

        return redriven.Count;
    }

    // Locked in id order: two operators who redrive the same wait for each other, and the second finds nothing.
    private const string RedriveSql = """
        WITH dead AS MATERIALIZED (
            SELECT job.id, job.payment_id, job.buried_at, job.attempts, job.failures, job.last_error
            FROM recon_jobs AS job
            WHERE job.buried_at IS NOT NULL AND (@id::uuid IS NULL OR job.id = @id) AND job.buried_at <= @until
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
