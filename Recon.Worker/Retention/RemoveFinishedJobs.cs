using Npgsql;

namespace Recon.Worker.Retention;

/// <summary>
/// Deletes finished jobs past their age, a small batch at a time. One worker does it at a time; what it deletes nobody
/// else holds or waits for, so settlement never meets it.
/// </summary>
internal sealed class RemoveFinishedJobs(NpgsqlDataSource database, RetentionOptions options, TimeProvider clock)
{
    /// <summary>One round over all jobs that are old enough.</summary>
    /// <returns>How many were deleted; null when another worker is at it.</returns>
    public async Task<long?> RunOnceAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        if (!await LockAsync(connection, cancel))
        {
            return null;
        }

        try
        {
            return await RemoveAsync(connection, cancel);
        }
        finally
        {
            // The session goes back to a pool, which would keep the lock.
            await using var unlock = new NpgsqlCommand(UnlockSql, connection);
            await unlock.ExecuteNonQueryAsync(CancellationToken.None);
        }
    }

    private static async Task<bool> LockAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(LockSql, connection);
        return (bool)(await command.ExecuteScalarAsync(cancel))!;
    }

    private async Task<long> RemoveAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        // Ids begin with their time, so this is where jobs begin that are too young, whatever became of them.
        var until = Guid.CreateVersion7(clock.GetUtcNow() - options.FinishedJobAge);
        var total = 0L;
        for (Guid? after = Guid.Empty; after is { } start;)
        {
            (after, var removed) = await RemoveBatchAsync(connection, start, until, cancel);
            total += removed;
            if (after is not null)
            {
                await Task.Delay(options.Rest, clock, cancel);
            }
        }

        return total;
    }

    private async Task<(Guid? Reached, long Removed)> RemoveBatchAsync(
        NpgsqlConnection connection, Guid after, Guid until, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(RemoveSql, connection)
        {
            Parameters =
            {
                new() { Value = after },
                new() { Value = until },
                new() { Value = options.FinishedJobAge },
                new() { Value = options.BatchSize },
            },
        };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        return (await reader.IsDBNullAsync(0, cancel) ? null : reader.GetGuid(0), reader.GetInt64(1));
    }

    // Any number will do that nothing else in this database locks as a single key.
    private const string LockSql = "SELECT pg_try_advisory_lock(8243122654955631716)";

    private const string UnlockSql = "SELECT pg_advisory_unlock(8243122654955631716)";

    private const string RemoveSql = "SELECT reached, removed FROM remove_finished_jobs($1, $2, $3, $4)";
}
