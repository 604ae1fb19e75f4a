using System.Diagnostics;
using Dapper;
using Npgsql;

namespace Recon.Worker.Reconciliation.Continuous;

/// <summary>
/// Counts the ledger while somebody is connected who may delete from it, as no service may. A session's deletions show
/// in the server's statistics when it ends, but while it stays idle up to ten seconds later; so long nobody would look.
/// </summary>
internal sealed class LedgerTally
{
    // Some two million entries, which take a quarter of a second to count. Of more, only the statistics tell.
    private const long MostBlocks = 25_000;

    private const double Share = 0.1;

    // What sound books sum to.
    private LedgerSums _known = new(0, 0, 0);
    private TimeSpan _rest;
    private long _counted;

    /// <param name="connection">In the snapshot of the pass.</param>
    /// <returns>Null when nothing was counted.</returns>
    public async Task<LedgerSums?> CountAsync(NpgsqlConnection connection, long blocks, CancellationToken cancel)
    {
        if (blocks > MostBlocks || (_counted != 0 && Stopwatch.GetElapsedTime(_counted) < _rest))
        {
            return null;
        }

        var isWatched = await connection.ExecuteScalarAsync<bool>(
            new CommandDefinition(OthersSql, cancellationToken: cancel));
        if (!isWatched)
        {
            return null;
        }

        var started = Stopwatch.GetTimestamp();
        var sums = await connection.QuerySingleAsync<LedgerSums>(
            new CommandDefinition(CountSql, cancellationToken: cancel));
        _rest = Stopwatch.GetElapsedTime(started) * ((1 / Share) - 1);
        _counted = Stopwatch.GetTimestamp();
        return sums;
    }

    /// <summary>Whether rows were deleted, or put back, since they were last counted.</summary>
    public bool TellsOfChange(LedgerSums? sums) => sums is not null && sums != _known;

    /// <summary>What was done because of the sums is committed.</summary>
    public void Keep(LedgerSums? sums) => _known = sums ?? _known;

    private const string OthersSql = """
        SELECT EXISTS (
            SELECT
            FROM pg_stat_activity AS other
            WHERE other.datname = current_database() AND other.usename <> current_user
                AND has_table_privilege(other.usesysid, 'ledger_entries', 'DELETE')
        )
        """;

    private const string CountSql = """
        SET LOCAL max_parallel_workers_per_gather = 0;
        SET LOCAL jit = off;
        SELECT accounts.positions - entries.number AS missing,
            transactions.listed - entries.number::numeric AS unlisted, accounts.balances AS remainder
        FROM (SELECT count(*) AS number FROM ledger_entries) AS entries
        CROSS JOIN (SELECT coalesce(sum(entry_count), 0) AS listed FROM ledger_transactions) AS transactions
        CROSS JOIN (
            SELECT coalesce(sum(position), 0) AS positions, coalesce(sum(balance), 0) AS balances
            FROM accounts
        ) AS accounts
        """;
}

/// <summary>Three sums that are zero in sound books; columns in this order.</summary>
/// <param name="Missing">The positions that accounts have come to, less the entries.</param>
/// <param name="Unlisted">The entries that transactions list, less the entries.</param>
/// <param name="Remainder">The balances of all accounts.</param>
internal sealed record LedgerSums(decimal Missing, decimal Unlisted, decimal Remainder);
