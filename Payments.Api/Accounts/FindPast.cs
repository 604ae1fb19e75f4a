using Dapper;
using Npgsql;

namespace Payments.Api.Accounts;

/// <summary>
/// Where accounts stood at a moment: a search over their positions, since the time of an entry never goes back along
/// them. It reads about twenty entries of a million, and needs no index on the time.
/// </summary>
internal sealed class FindPast(NpgsqlDataSource database)
{
    /// <summary>
    /// How many entries the parts of an account had just before a moment, and what they summed to. An entry belongs to
    /// the moment at which it was posted, a little before its transaction commits.
    /// </summary>
    public async Task<PastBalance> BeforeAsync(
        IReadOnlyList<AccountRow> parts, DateTimeOffset time, CancellationToken cancel)
    {
        var parameters = new { ids = parts.Select(part => part.Id).ToArray(), time };
        await using var connection = await database.OpenConnectionAsync(cancel);
        return await connection.QuerySingleAsync<PastBalance>(
            new CommandDefinition(SearchSql, parameters, cancellationToken: cancel));
    }

    // Between low, up to which all are old enough, and high, beyond which all are too young. Where an entry is missing
    // the one before it is looked at, so the search ends in books with gaps too. LIMIT makes each look a probe of the
    // primary key, however the tables are believed to be filled.
    internal const string SearchSql = """
        WITH RECURSIVE search (account_id, low, high) AS (
            SELECT id, 0::bigint, position
            FROM accounts
            WHERE id = ANY (@ids)
            UNION ALL
            SELECT half.account_id,
                CASE WHEN found.created_at >= @time THEN half.low ELSE half.middle END,
                CASE WHEN found.created_at >= @time THEN found.position - 1 ELSE half.high END
            FROM (
                SELECT account_id, low, high, high - (high - low) / 2 AS middle
                FROM search
                WHERE low < high
            ) AS half
            LEFT JOIN LATERAL (
                SELECT position, created_at
                FROM ledger_entries
                WHERE account_id = half.account_id AND position > half.low AND position <= half.middle
                ORDER BY position DESC
                LIMIT 1
            ) AS found ON true
        )
        SELECT least(coalesce(sum(last.position), 0), 9223372036854775807)::bigint AS position,
            coalesce(sum(last.balance_after), 0) AS balance
        FROM search AS found
        LEFT JOIN LATERAL (
            SELECT position, balance_after
            FROM ledger_entries
            WHERE account_id = found.account_id AND position <= found.low
            ORDER BY position DESC
            LIMIT 1
        ) AS last ON true
        WHERE found.low = found.high
        """;
}

/// <param name="Position">Of the last entry; of an account in parts, the sum of theirs.</param>
/// <param name="Balance">
/// Minor units, credit-positive; of an account in parts, more than a 64-bit number may hold.
/// </param>
internal sealed record PastBalance(long Position, decimal Balance);
