using Dapper;
using Npgsql;
using Payments.Ledger;
using Recon.Worker.Duties;

namespace Recon.Worker.Retention;

/// <summary>
/// Deletes deliveries of webhooks that ended past their age, with their attempts, and the events that have none left, a
/// small batch at a time. One worker does it at a time; what is pending stays, however old.
/// </summary>
internal sealed class RemoveFinishedWebhooks(DutySessions database, RetentionOptions options, TimeProvider clock)
{
    private const string LockName = "webhook_events retention";

    /// <summary>One round over all events that are old enough.</summary>
    /// <returns>How many deliveries and events were deleted; null when another worker is at it.</returns>
    public async Task<long?> RunOnceAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenAsync(cancel);
        await using var turn = await SessionLock.TryTakeAsync(connection, LockName, cancel);
        return turn is null ? null : await RemoveAsync(connection, cancel);
    }

    private async Task<long> RemoveAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var total = 0L;
        for (var after = ""; ;)
        {
            var limits = new
            {
                after,
                delivered = options.DeliveredWebhookAge,
                undelivered = options.UndeliveredWebhookAge,
                most = options.BatchSize,
            };
            var batch = await connection.QuerySingleAsync<Batch>(
                new CommandDefinition(RemoveSql, limits, cancellationToken: cancel));
            total += batch.Removed;
            if (batch.Reached is null)
            {
                return total;
            }

            after = batch.Reached;
            await Task.Delay(options.Rest, clock, cancel);
        }
    }

    private const string RemoveSql = """
        SELECT reached, removed
        FROM remove_finished_webhooks(@after, @delivered, @undelivered, @most)
        """;

    private sealed record Batch(string? Reached, long Removed);
}
