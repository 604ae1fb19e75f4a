using Dapper;
using Npgsql;
using Payments.Ledger;
using Payments.Ledger.Reconciliation;
using Recon.Worker.Duties;
using Recon.Worker.Reconciliation.Checks;

namespace Recon.Worker.Reconciliation.Continuous;

/// <summary>
/// One pass of continuous checking: the entries that were written since the last one, whoever wrote them, and the
/// accounts that they are of. It reports what is wrong and takes nothing back; the sweep, which it asks for then, does.
/// </summary>
internal sealed class VerifyRecent(
    DutySessions database, KnownBreaks known, TimeProvider clock, ILogger<VerifyRecent> logger)
{
    private const long LockKey = 6029834771250643391;

    // For what is new, and for a look at everything when something was changed that never is.
    private static readonly TimeSpan LongestWalk = TimeSpan.FromSeconds(10);

    private readonly LedgerTally _tally = new();
    private readonly FreshWindow _window = new();

    /// <summary>
    /// Makes a pass if one is due: <paramref name="rest"/> after the last, whichever worker made that. That is asked
    /// again under the lock, because another worker may have made it since.
    /// </summary>
    /// <returns>Null when it made one; otherwise how long it is until one may be due.</returns>
    public async Task<TimeSpan?> RunIfDueAsync(TimeSpan rest, CancellationToken cancel)
    {
        await using var connection = await database.OpenAsync(cancel);
        if (await UntilDueAsync(connection, rest, cancel) is { } early)
        {
            return early;
        }

        await using var turn = await SessionLock.TryTakeAsync(connection, LockKey, cancel);
        if (turn is null)
        {
            return rest;
        }

        var late = await UntilDueAsync(connection, rest, cancel);
        if (late is null)
        {
            await VerifyAsync(connection, cancel);
        }

        return late;
    }

    /// <summary>Makes a pass, due or not.</summary>
    /// <returns>How many entries were new; null when another worker is at it.</returns>
    public async Task<long?> RunOnceAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenAsync(cancel);
        await using var turn = await SessionLock.TryTakeAsync(connection, LockKey, cancel);
        return turn is null ? null : await VerifyAsync(connection, cancel);
    }

    // Null when it is due.
    private static async Task<TimeSpan?> UntilDueAsync(
        NpgsqlConnection connection, TimeSpan rest, CancellationToken cancel)
    {
        var left = await connection.ExecuteScalarAsync<TimeSpan>(
            new CommandDefinition(UntilDueSql, new { rest }, cancellationToken: cancel));
        return left > TimeSpan.Zero ? left : null;
    }

    private async Task<long> VerifyAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var seenAt = await CheckTurn.NowAsync(connection, cancel);
        var (state, sums, entries, ledger, accounts) = await LookAsync(connection, cancel);
        var wasTouched = WasTouched(state, sums);
        var wantsSweep = !state.GoesOn || wasTouched || ledger.Count + accounts.Count > 0;
        if (state.GoesOn && wasTouched)
        {
            logger.LogWarning("Rows of the ledger were updated or deleted; all of it is checked");
        }

        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var ofAccounts = await known.AddAsync(connection, CheckType.AccountBalance, accounts, seenAt, cancel);
        var ofLedger = await known.AddAsync(connection, CheckType.LedgerConsistency, ledger, seenAt, cancel);
        await state.WriteAsync(connection, entries, wantsSweep, cancel);
        await transaction.CommitAsync(cancel);
        _tally.Keep(sums);
        known.Count(CheckType.AccountBalance, ofAccounts);
        known.Count(CheckType.LedgerConsistency, ofLedger);
        return entries;
    }

    private async Task<Look> LookAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var snapshot = await CheckTurn.BeginSnapshotAsync(connection, cancel);
        var state = await ContinuousState.ReadAsync(connection, cancel);
        if (!state.GoesOn)
        {
            return new Look(state, null, 0, [], []);
        }

        // Before the settings of the session: they would count along an index.
        var sums = await _tally.CountAsync(connection, state.Blocks, cancel);
        var session = await PacedSession.BeginAsync(connection, CheckPace.Hurried, clock, cancel);
        var (entries, suspects) = await FreshEntries.FindAsync(
            session, state, _window, FreshEntries.BlocksAtATime, cancel);
        var all = new List<FreshSuspect>(suspects);
        if (WasTouched(state, sums))
        {
            await foreach (var suspect in FreshEntries.WalkAsync(session, LongestWalk, cancel))
            {
                all.Add(suspect);
            }
        }

        if (all.Count == 0)
        {
            return new Look(state, sums, entries, [], []);
        }

        var accounts = all.Select(one => one.AccountId).Distinct().ToList();
        return new Look(
            state,
            sums,
            entries,
            await LookAtLedgerAsync(session, all, cancel),
            await AccountBalance.LookAtAsync(session, accounts, cancel));
    }

    private bool WasTouched(ContinuousState state, LedgerSums? sums) => state.WasTouched || _tally.TellsOfChange(sums);

    // The entry, the one before and the one after it, each against its own predecessor: so it is told which is wrong.
    private static async Task<IReadOnlyList<Break>> LookAtLedgerAsync(
        PacedSession session, List<FreshSuspect> suspects, CancellationToken cancel)
    {
        var windows = new List<EntryWindow>();
        foreach (var one in suspects.DistinctBy(one => (one.AccountId, one.Position))
            .OrderBy(one => one.AccountId).ThenBy(one => one.Position))
        {
            var account = one.AccountId;
            var before = await session.FindAsync<long>(BeforeSql, new { account, one.Position }, cancel);
            windows.Add(new EntryWindow(new EntryKey(account, before), new EntryKey(account, one.Position + 1)));
        }

        var transactions = suspects.Select(one => one.TransactionId).OfType<Guid>().Distinct().ToList();
        return await LedgerConsistency.LookAtAsync(session, transactions, windows, cancel);
    }

    // A pass of the future says that the clock was set back: the next one is due now, and not when it is there again.
    private const string UntilDueSql = """
        SELECT CASE
            WHEN passed_at <= clock_timestamp() THEN greatest(passed_at + @rest - clock_timestamp(), interval '0')
            ELSE interval '0'
        END
        FROM continuous_checks
        """;

    private const string BeforeSql = """
        SELECT coalesce((
            SELECT position
            FROM ledger_entries
            WHERE account_id = @account AND position < @position
            ORDER BY position DESC
            OFFSET 1 LIMIT 1
        ), 0)
        """;

    private sealed record Look(
        ContinuousState State, LedgerSums? Sums, long Entries, IReadOnlyList<Break> Ledger,
        IReadOnlyList<Break> Accounts);
}
