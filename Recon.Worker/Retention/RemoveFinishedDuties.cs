using Dapper;
using Recon.Worker.Duties;

namespace Recon.Worker.Retention;

/// <summary>
/// Deletes duties that were completed past their age, a small batch at a time. Workers that do it at once pass over
/// each other's batches. Those that have a name stay: it keeps them from being done a second time.
/// </summary>
internal sealed class RemoveFinishedDuties(DutySessions database, RetentionOptions options, TimeProvider clock)
{
    /// <returns>How many were deleted.</returns>
    public async Task<long> RunOnceAsync(CancellationToken cancel)
    {
        var limits = new { age = options.FinishedJobAge, most = options.BatchSize };
        var total = 0L;
        while (true)
        {
            await using var connection = await database.OpenAsync(cancel);
            var removed = await connection.ExecuteScalarAsync<long>(
                new CommandDefinition(RemoveSql, limits, cancellationToken: cancel));
            await connection.CloseAsync();
            total += removed;
            if (removed < options.BatchSize)
            {
                return total;
            }

            await Task.Delay(options.Rest, clock, cancel);
        }
    }

    private const string RemoveSql = "SELECT remove_finished_duties(@age, @most)";
}
