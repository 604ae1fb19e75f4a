using System.Data;
using System.Diagnostics;
using Dapper;
using Npgsql;
using Recon.Worker.Duties;
using Recon.Worker.Reconciliation.Checks;

namespace Recon.Worker.Reconciliation.Continuous;

/// <summary>
/// The sweep of continuous checking: all entries and accounts, from time to time and when something was found. It works
/// a small share of the time, so its period grows with the books and its cost does not.
/// </summary>
internal sealed class VerifyAll(
    DutySessions database, KnownBreaks known, ContinuousOptions options, TimeProvider clock)
{
    private readonly IReconciliationCheck[] _checks =
        [new AccountBalance(CheckPace.OfRuns, clock), new LedgerConsistency(CheckPace.OfRuns, clock)];

    /// <returns>Whether it was due and made; false also when another worker, or a run, is at it.</returns>
    public async Task<bool> RunIfDueAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenAsync(cancel);
        var state = await connection.QuerySingleAsync<SweepState>(
            new CommandDefinition(StateSql, cancellationToken: cancel));
        var worked = TimeSpan.FromMilliseconds(state.Milliseconds);
        if (!state.IsWanted && state.Since is { } since && since < options.RestAfter(worked))
        {
            return false;
        }

        return await RunAsync(connection, cancel);
    }

    private async Task<bool> RunAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var held = new List<string>();
        try
        {
            foreach (var check in _checks)
            {
                var name = "reconciliation " + check.CheckType;
                if (!await connection.ExecuteScalarAsync<bool>(
                    new CommandDefinition(LockSql, new { name }, cancellationToken: cancel)))
                {
                    return false;
                }

                held.Add(name);
            }

            await SweepAsync(connection, cancel);
            return true;
        }
        finally
        {
            foreach (var name in held.Where(_ => connection.State == ConnectionState.Open))
            {
                // The session goes back to a pool, which would keep the lock.
                await connection.ExecuteAsync(UnlockSql, new { name });
            }
        }
    }

    private async Task SweepAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var startedAt = await connection.ExecuteScalarAsync<DateTimeOffset>(
            new CommandDefinition("SELECT clock_timestamp()", cancellationToken: cancel));
        var started = Stopwatch.GetTimestamp();
        foreach (var check in _checks)
        {
            var seenAt = clock.GetUtcNow();
            var result = await ReadAsync(connection, check, cancel);
            await using var transaction = await connection.BeginTransactionAsync(cancel);
            var recorded = await known.ReplaceAsync(connection, check.CheckType, result, seenAt, cancel);
            await transaction.CommitAsync(cancel);
            known.Count(check.CheckType, recorded);
        }

        // With its rests: they are what a busy system made of it.
        var milliseconds = (long)Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        await connection.ExecuteAsync(new CommandDefinition(
            EndSql, new { startedAt, milliseconds }, cancellationToken: cancel));
    }

    private static async Task<CheckResult> ReadAsync(
        NpgsqlConnection connection, IReconciliationCheck check, CancellationToken cancel)
    {
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancel);
        await connection.ExecuteAsync(new CommandDefinition("SET TRANSACTION READ ONLY", cancellationToken: cancel));
        return await check.RunAsync(connection, cancel);
    }

    private const string LockSql = "SELECT pg_try_advisory_lock(hashtextextended(@name, 0))";

    private const string UnlockSql = "SELECT pg_advisory_unlock(hashtextextended(@name, 0))";

    private const string StateSql = """
        SELECT coalesce(sweep_wanted_at > sweep_started_at, true) AND sweep_wanted_at IS NOT NULL AS is_wanted,
            clock_timestamp() - sweep_ended_at AS since, sweep_milliseconds AS milliseconds
        FROM continuous_checks
        """;

    private const string EndSql = """
        UPDATE continuous_checks
        SET sweep_started_at = @startedAt, sweep_ended_at = clock_timestamp(), sweep_milliseconds = @milliseconds
        """;

    private sealed record SweepState(bool IsWanted, TimeSpan? Since, long Milliseconds);
}
