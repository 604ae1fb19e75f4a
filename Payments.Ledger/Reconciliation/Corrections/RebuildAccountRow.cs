using Dapper;
using Npgsql;

namespace Payments.Ledger.Reconciliation.Corrections;

/// <summary>An account's row beside what its entries say; columns in this order.</summary>
/// <param name="Last">Position of the last entry; 0 without entries.</param>
/// <param name="IsExact">Whether the entries replay: without a gap, each balance the one before and the amount.</param>
internal sealed record AccountReplay(
    long Id, string Name, string Currency, long Balance, long Position, decimal Replayed, long Last, bool IsExact)
{
    public bool Agrees => Balance == Replayed && Position == Last;
}

/// <summary>
/// Writes balance, position and time of an account's row from its entries, under its lock. Nothing can be posted to the
/// account meanwhile: on an account of millions of entries that is seconds.
/// </summary>
internal static class RebuildAccountRow
{
    public static Task<AccountReplay?> ReadAsync(
        NpgsqlConnection connection, long accountId, CancellationToken cancel) =>
        connection.QuerySingleOrDefaultAsync<AccountReplay>(
            new CommandDefinition(ReadSql, new { accountId }, cancellationToken: cancel));

    /// <returns>Why it was not rebuilt; null when it was, and agrees.</returns>
    public static async Task<string?> ExecuteAsync(
        NpgsqlConnection connection, Adjustment adjustment, CancellationToken cancel)
    {
        var accountId = adjustment.AccountId;

        // Locked by a statement of its own: one that waits for a lock reads what was there before it waited.
        await connection.ExecuteAsync(new CommandDefinition(LockSql, new { accountId }, cancellationToken: cancel));
        var replay = await ReadAsync(connection, accountId, cancel);
        if (replay is not { IsExact: true })
        {
            return "The entries of the account do not replay.";
        }

        if (replay.Replayed - replay.Balance != adjustment.Amount)
        {
            return "The row differs from its entries by another amount than was proposed.";
        }

        await connection.ExecuteAsync(new CommandDefinition(RebuildSql, new { accountId }, cancellationToken: cancel));
        return await ReadAsync(connection, accountId, cancel) is { Agrees: true }
            ? null
            : "The row did not agree with its entries after it.";
    }

    private const string LockSql = "SELECT FROM accounts WHERE id = @accountId FOR UPDATE";

    private const string ReadSql = """
        SELECT account.id, account.name, account.currency, account.balance, account.position,
            coalesce(entries.replayed, 0) AS replayed, coalesce(entries.last, 0) AS last,
            coalesce(entries.is_exact, true) AS is_exact
        FROM accounts AS account
        LEFT JOIN LATERAL (
            SELECT sum(walked.amount) AS replayed, max(walked.position) AS last,
                bool_and(walked.position = walked.previous_position + 1
                    AND walked.balance_after::numeric = walked.previous_balance::numeric + walked.amount
                    AND walked.created_at >= walked.previous_created_at
                    AND walked.currency = account.currency) AS is_exact
            FROM (
                SELECT entry.position, entry.amount, entry.balance_after, entry.created_at, entry.currency,
                    lag(entry.position, 1, 0::bigint) OVER walk AS previous_position,
                    lag(entry.balance_after, 1, 0::bigint) OVER walk AS previous_balance,
                    lag(entry.created_at, 1, '-infinity'::timestamptz) OVER walk AS previous_created_at
                FROM ledger_entries AS entry
                WHERE entry.account_id = account.id
                WINDOW walk AS (ORDER BY entry.position)
            ) AS walked
        ) AS entries ON true
        WHERE account.id = @accountId
        """;

    private const string RebuildSql = """
        UPDATE accounts AS account
        SET balance = coalesce(last.balance_after, 0), position = coalesce(last.position, 0),
            last_entry_at = coalesce(last.created_at, '-infinity')
        FROM (SELECT @accountId AS id) AS wanted
        LEFT JOIN LATERAL (
            SELECT entry.balance_after, entry.position, entry.created_at
            FROM ledger_entries AS entry
            WHERE entry.account_id = wanted.id
            ORDER BY entry.position DESC
            LIMIT 1
        ) AS last ON true
        WHERE account.id = wanted.id
        """;
}
