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

    // Between low, whose entry is old enough, and high, beyond which all are too young. LIMIT makes each look a probe
    // of the primary key, however the tables are believed to be filled.
    internal const string SearchSql = """
        WITH RECURSIVE search (account_id, low, high) AS (
            SELECT id, 0::bigint, position
            FROM accounts
            WHERE id = ANY (@ids)
            UNION ALL
            SELECT search.account_id,
                CASE WHEN middle.created_at < @time THEN middle.position ELSE search.low END,
                CASE WHEN middle.created_at < @time THEN search.high ELSE middle.position - 1 END
            FROM search
            CROSS JOIN LATERAL (
                SELECT position, created_at
                FROM ledger_entries
                WHERE account_id = search.account_id AND position = (search.low + search.high + 1) / 2
                LIMIT 1
            ) AS middle
            WHERE search.low < search.high
        )
        SELECT coalesce(sum(found.low), 0)::bigint AS position, coalesce(sum(last.balance_after), 0) AS balance
        FROM search AS found
        LEFT JOIN LATERAL (
            SELECT balance_after
            FROM ledger_entries
            WHERE account_id = found.account_id AND position = found.low
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
