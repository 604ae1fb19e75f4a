using System.Text.Json;
using Dapper;

namespace Recon.Worker.Duties;

/// <summary>
/// Takes due duties, and ends, returns or fails those that are held. Every statement repeats the lease; one that finds
/// the duty in other hands changes nothing and says so.
/// </summary>
internal sealed class HeldDuties(DutySessions database, WorkerIdentity worker, DutyOptions options, Random random)
{
    /// <summary>
    /// Claims the duty that has been due longest. Its worker having disappeared with it counts as a failure: a duty
    /// always runs alone.
    /// </summary>
    /// <returns>Null when none of these kinds is due.</returns>
    public async Task<Duty?> ClaimAsync(IReadOnlyList<string> kinds, CancellationToken cancel)
    {
        await using var connection = await database.OpenAsync(cancel);
        cancel.ThrowIfCancellationRequested();

        // Not broken off half-way: the server might have claimed what this process would not know of.
        return await connection.QuerySingleOrDefaultAsync<Duty>(
            ClaimSql, new { kinds, worker = worker.Id, period = options.Lease });
    }

    /// <summary>Starts the lease anew.</summary>
    /// <returns>Whether it was still held.</returns>
    public async Task<bool> ExtendAsync(Duty duty, CancellationToken cancel) =>
        await ExecuteAsync(ExtendSql, new { duty.Id, duty.Lease, period = options.Lease }, cancel);

    public Task<bool> CompleteAsync(Duty duty, CancellationToken cancel) =>
        ExecuteAsync(CompleteSql, new { duty.Id, duty.Lease }, cancel);

    /// <summary>Hands it back, due after this time, without counting a failure.</summary>
    public Task<bool> ReturnAsync(Duty duty, TimeSpan wait, CancellationToken cancel) =>
        ExecuteAsync(ReturnSql, new { duty.Id, duty.Lease, wait }, cancel);

    /// <summary>Counts a failure: it waits for its retry, or goes to the dead letters at the limit.</summary>
    /// <returns>Whether it was buried.</returns>
    public async Task<bool> FailAsync(Duty duty, IDutyHandler handler, string error, CancellationToken cancel)
    {
        var failures = duty.Failures + 1;
        if (failures < handler.FailureLimit)
        {
            var retry = new { duty.Id, duty.Lease, failures, error, wait = Wait(failures) };
            await ExecuteAsync(RetrySql, retry, cancel);
            return false;
        }

        await using var connection = await database.OpenAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var buried = await connection.ExecuteAsync(new CommandDefinition(
            BurySql, new { duty.Id, duty.Lease, failures, error }, cancellationToken: cancel));
        if (buried == 0)
        {
            return false;
        }

        try
        {
            await handler.BuriedAsync(connection, duty, error, cancel);
        }
        catch (JsonException)
        {
            // What it was about cannot be told, so there is nothing to mark. It must not come back for ever.
        }

        await transaction.CommitAsync(cancel);
        return true;
    }

    private TimeSpan Wait(int failures) =>
        RetryDelay.After(failures, options.RetryDelaySeconds, options.RetryDelayMaxSeconds, random);

    private async Task<bool> ExecuteAsync(string sql, object parameters, CancellationToken cancel)
    {
        await using var connection = await database.OpenAsync(cancel);
        return await connection.ExecuteAsync(new CommandDefinition(sql, parameters, cancellationToken: cancel)) == 1;
    }

    private const string ClaimSql = """
        WITH due AS MATERIALIZED (
            SELECT d.id
            FROM duties AS d
            WHERE d.kind = ANY (@kinds) AND d.finished_at IS NULL AND d.available_at <= clock_timestamp()
            ORDER BY d.available_at, d.id
            LIMIT 1
            FOR UPDATE SKIP LOCKED
        )
        UPDATE duties AS d
        SET lease = nextval('recon_leases'), status = 'processing', locked_by = @worker, locked_at = clock_timestamp(),
            available_at = clock_timestamp() + @period, attempts = d.attempts + 1,
            failures = d.failures + CASE d.status WHEN 'processing' THEN 1 ELSE 0 END
        FROM due
        WHERE d.id = due.id
        RETURNING d.id, d.kind, d.arguments::text, d.checkpoint::text, d.lease, d.attempts, d.failures, d.created_at,
            d.traceparent
        """;

    private const string ExtendSql = """
        UPDATE duties
        SET available_at = clock_timestamp() + @period
        WHERE id = @id AND lease = @lease AND status = 'processing' AND available_at > clock_timestamp()
        """;

    private const string CompleteSql = """
        UPDATE duties
        SET status = 'completed', finished_at = clock_timestamp()
        WHERE id = @id AND lease = @lease AND status = 'processing' AND available_at > clock_timestamp()
        """;

    private const string ReturnSql = """
        UPDATE duties
        SET status = 'pending', available_at = clock_timestamp() + @wait, locked_by = NULL, locked_at = NULL
        WHERE id = @id AND lease = @lease AND status = 'processing' AND available_at > clock_timestamp()
        """;

    private const string RetrySql = """
        UPDATE duties
        SET status = 'pending', available_at = clock_timestamp() + @wait, locked_by = NULL, locked_at = NULL,
            failures = @failures, last_error = @error
        WHERE id = @id AND lease = @lease AND status = 'processing' AND available_at > clock_timestamp()
        """;

    private const string BurySql = """
        UPDATE duties
        SET status = 'dead', finished_at = clock_timestamp(), failures = @failures, last_error = @error
        WHERE id = @id AND lease = @lease AND status = 'processing' AND available_at > clock_timestamp()
        """;
}
