using Dapper;
using Npgsql;

namespace Payments.Ledger.Providers;

/// <summary>What the books say that a provider holds.</summary>
public static class LedgerCounterpart
{
    /// <summary>
    /// The counterpart of a total that a provider took at an unknown moment between two: of the balances that the
    /// books had at both ends, and of all between them, the nearest to it. Without entries in between there is one.
    /// </summary>
    /// <param name="total">Minor units, in the provider's sign; so is the result.</param>
    public static async Task<decimal> NearestAsync(
        NpgsqlConnection connection,
        Provider provider,
        decimal total,
        DateTimeOffset from,
        DateTimeOffset to,
        CancellationToken cancel)
    {
        var balances = await AtAsync(connection, provider, [from, to], cancel);
        var (one, other) = (Provider.TotalOf(balances[0]), Provider.TotalOf(balances[1]));
        return Math.Clamp(total, Math.Min(one, other), Math.Max(one, other));
    }

    /// <summary>What the provider should hold now, in its sign.</summary>
    public static async Task<decimal> NowAsync(
        NpgsqlConnection connection, Provider provider, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(provider);
        var parameters = new { name = provider.LedgerAccount, currency = provider.Currency.Code };
        var balance = await connection.ExecuteScalarAsync<long?>(
            new CommandDefinition(NowSql, parameters, cancellationToken: cancel));
        return Provider.TotalOf(balance ?? 0);
    }

    private static async Task<List<long>> AtAsync(
        NpgsqlConnection connection, Provider provider, DateTimeOffset[] times, CancellationToken cancel)
    {
        var parameters = new
        {
            name = provider.LedgerAccount,
            currency = provider.Currency.Code,
            times = times.Select(time => time.UtcDateTime).ToArray(),
        };
        var balances = await connection.QueryAsync<long>(
            new CommandDefinition(AtSql, parameters, cancellationToken: cancel));
        return balances.AsList();
    }

    private const string NowSql = """
        SELECT balance
        FROM accounts
        WHERE name = @name AND currency = @currency
        """;

    // For each time a search over the account's positions, along which times never go back: between low, whose entry
    // is old enough, and high, beyond which all are too young.
    private const string AtSql = """
        WITH RECURSIVE search (place, time, account_id, low, high) AS (
            SELECT asked.place, asked.time, account.id, 0::bigint, coalesce(account.position, 0)
            FROM unnest(@times::timestamptz[]) WITH ORDINALITY AS asked (time, place)
            LEFT JOIN accounts AS account ON account.name = @name AND account.currency = @currency
            UNION ALL
            SELECT search.place, search.time, search.account_id,
                CASE WHEN middle.created_at <= search.time THEN middle.position ELSE search.low END,
                CASE WHEN middle.created_at <= search.time THEN search.high ELSE middle.position - 1 END
            FROM search
            CROSS JOIN LATERAL (
                SELECT position, created_at
                FROM ledger_entries
                WHERE account_id = search.account_id AND position = (search.low + search.high + 1) / 2
                LIMIT 1
            ) AS middle
            WHERE search.low < search.high
        )
        SELECT coalesce(last.balance_after, 0)
        FROM search AS found
        LEFT JOIN LATERAL (
            SELECT balance_after
            FROM ledger_entries
            WHERE account_id = found.account_id AND position = found.low
            LIMIT 1
        ) AS last ON true
        WHERE found.low = found.high
        ORDER BY found.place
        """;
}
