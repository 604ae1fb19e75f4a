using Dapper;
using Npgsql;
using Payments.Ledger;

namespace Recon.Worker.Reconciliation.Continuous;

/// <summary>
/// What was reported and is still there. Continuous checking looks every few seconds, and the same break seen again and
/// again is one sighting, not thousands: only what is new, or gone, is recorded. It is asked of the database, since
/// another worker, or a run, may have reported it, or seen it gone.
/// </summary>
internal sealed class KnownBreaks(
    RecordBreaks record, ReconciliationTelemetry telemetry, TimeProvider clock)
{
    /// <summary>Records those that are new, within the open transaction; none counts as gone.</summary>
    /// <returns>What <see cref="Count"/> counts once that is committed; null when nothing was recorded.</returns>
    public async Task<RecordedBreaks?> AddAsync(
        NpgsqlConnection connection, string checkType, IReadOnlyList<Break> breaks, DateTimeOffset seenAt,
        CancellationToken cancel)
    {
        if (breaks.Count == 0)
        {
            return null;
        }

        var known = await ReadAsync(connection, checkType, cancel);
        var fresh = breaks.Where(one => !known.Contains(Present.Of(one))).ToList();

        // No account was looked at as a whole, so nothing is closed.
        return fresh.Count == 0 ? null : await RecordAsync(
            connection, checkType, BreakScope.OfAccounts([]), new CheckResult([], fresh, 0), seenAt, cancel);
    }

    /// <summary>Records all that is there, and so what is gone, if anything has changed.</summary>
    /// <returns>As of <see cref="AddAsync"/>.</returns>
    public async Task<RecordedBreaks?> ReplaceAsync(
        NpgsqlConnection connection, string checkType, CheckResult result, DateTimeOffset seenAt,
        CancellationToken cancel)
    {
        var known = await ReadAsync(connection, checkType, cancel);
        return known.SetEquals(result.Breaks.Select(Present.Of)) && result.MoreBreaks == 0
            ? null
            : await RecordAsync(connection, checkType, BreakScope.Everything, result, seenAt, cancel);
    }

    /// <summary>Counts what was recorded, and is committed by now.</summary>
    public void Count(string checkType, RecordedBreaks? recorded)
    {
        if (recorded is not null)
        {
            telemetry.ExceptionsOpened(checkType, recorded.Opened);
            telemetry.AlertsRaised(checkType, recorded.Alerted);
        }
    }

    private static async Task<HashSet<Present>> ReadAsync(
        NpgsqlConnection connection, string checkType, CancellationToken cancel) =>
        [.. await connection.QueryAsync<Present>(new CommandDefinition(
            PresentSql, new { checkType }, cancellationToken: cancel))];

    private async Task<RecordedBreaks> RecordAsync(
        NpgsqlConnection connection, string checkType, BreakScope scope, CheckResult result,
        DateTimeOffset seenAt, CancellationToken cancel)
    {
        var context = new SightingContext(TimeOrderedId.New(clock.GetUtcNow()), checkType, scope, seenAt);
        return await record.RecordAsync(connection, context, result, cancel);
    }

    private const string PresentSql = """
        SELECT break_key AS key, difference
        FROM reconciliation_exceptions
        WHERE check_type = @checkType AND gone_at IS NULL
        """;

    private readonly record struct Present(string Key, decimal? Difference)
    {
        public static Present Of(Break one) => new(one.Key, one.Difference);
    }
}
