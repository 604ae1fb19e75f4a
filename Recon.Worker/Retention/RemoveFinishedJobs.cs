using Npgsql;
using Payments.Ledger;

namespace Recon.Worker.Retention;

/// <summary>
/// Deletes finished jobs past their age, a small batch at a time. One worker does it at a time; what it deletes nobody
/// else holds or waits for, so settlement never meets it.
/// </summary>
internal sealed class RemoveFinishedJobs(NpgsqlDataSource database, RetentionOptions options, TimeProvider clock)
{
    private const long LockKey = 8243122654955631716;

    /// <summary>One round over all jobs that are old enough.</summary>
    /// <returns>How many were deleted; null when another worker is at it.</returns>
    public async Task<long?> RunOnceAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var turn = await SessionLock.TryTakeAsync(connection, LockKey, cancel);
        return turn is null ? null : await RemoveAsync(connection, cancel);
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

    private const string RemoveSql = "SELECT reached, removed FROM remove_finished_jobs($1, $2, $3, $4)";
}
