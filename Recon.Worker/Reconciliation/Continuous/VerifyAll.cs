using System.Diagnostics;
using Dapper;
using Npgsql;
using Payments.Ledger;
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
        return await IsDueAsync(connection, cancel) && await RunAsync(connection, cancel);
    }

    private async Task<bool> IsDueAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var state = await connection.QuerySingleAsync<SweepState>(
            new CommandDefinition(StateSql, cancellationToken: cancel));
        var worked = TimeSpan.FromMilliseconds(state.Milliseconds);
        return state.IsWanted || state.Since is not { } since || since >= options.RestAfter(worked);
    }

    private async Task<bool> RunAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var turns = new List<SessionLock>();
        try
        {
            foreach (var check in _checks)
            {
                if (await CheckTurn.TryTakeAsync(connection, check.CheckType, cancel) is not { } turn)
                {
                    return false;
                }

                turns.Add(turn);
            }

            // Again: another worker may have made it before these turns were taken.
            var isDue = await IsDueAsync(connection, cancel);
            if (isDue)
            {
                await SweepAsync(connection, cancel);
            }

            return isDue;
        }
        finally
        {
            foreach (var turn in turns)
            {
                await turn.DisposeAsync();
            }
        }
    }

    private async Task SweepAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var startedAt = await CheckTurn.NowAsync(connection, cancel);
        var started = Stopwatch.GetTimestamp();
        foreach (var check in _checks)
        {
            var seenAt = await CheckTurn.NowAsync(connection, cancel);
            var result = await CheckTurn.ReadAsync(connection, check, cancel);
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

    // A sweep of the future says that the clock was set back, and counts as none.
    private const string StateSql = """
        SELECT coalesce(sweep_wanted_at > sweep_started_at, true) AND sweep_wanted_at IS NOT NULL AS is_wanted,
            CASE WHEN sweep_ended_at <= clock_timestamp() THEN clock_timestamp() - sweep_ended_at END AS since,
            sweep_milliseconds AS milliseconds
        FROM continuous_checks
        """;

    private const string EndSql = """
        UPDATE continuous_checks
        SET sweep_started_at = @startedAt, sweep_ended_at = clock_timestamp(), sweep_milliseconds = @milliseconds
        """;

    private sealed record SweepState(bool IsWanted, TimeSpan? Since, long Milliseconds);
}
