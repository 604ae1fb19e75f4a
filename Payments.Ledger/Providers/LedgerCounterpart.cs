using Dapper;
using Npgsql;

namespace Payments.Ledger.Providers;

/// <summary>What the books say that a provider holds.</summary>
public static class LedgerCounterpart
{
    // Clocks of different machines may be apart by this much.
    private static readonly TimeSpan ClockDifference = TimeSpan.FromSeconds(5);

    private const int EntriesAtATime = 1_000;

    /// <summary>
    /// The counterpart of a total that a provider took at an unknown moment since a time: money may have moved
    /// meanwhile, so of all balances that the books had, the nearest to it. Mostly there is only one.
    /// </summary>
    /// <param name="total">Minor units, in the provider's sign; so is the result.</param>
    public static async Task<decimal> NearestSinceAsync(
        NpgsqlConnection connection, Provider provider, decimal total, DateTimeOffset from, CancellationToken cancel)
    {
        var now = await NowAsync(connection, provider, cancel);
        return await NearestAsync(connection, provider, total, now, long.MaxValue, from, cancel);
    }

    /// <summary>The same of a total that was read at a time that has passed.</summary>
    /// <returns>Null when entries are missing by which it would be told.</returns>
    public static async Task<decimal?> NearestBetweenAsync(
        NpgsqlConnection connection, Provider provider, decimal total, DateTimeOffset from, DateTimeOffset to,
        CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(provider);
        var parameters = new
        {
            name = provider.LedgerAccount,
            currency = provider.Currency.Code,
            time = (to + ClockDifference).UtcDateTime,
        };
        return await connection.QuerySingleOrDefaultAsync<Place>(
            new CommandDefinition(LastSql, parameters, cancellationToken: cancel)) is { Balance: { } balance } last
            ? await NearestAsync(
                connection, provider, total, Provider.TotalOf(balance), last.Position + 1, from, cancel)
            : null;
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

    // From the nearest so far backwards along the entries before a position, to the first that is old enough.
    private static async Task<decimal> NearestAsync(
        NpgsqlConnection connection, Provider provider, decimal total, decimal nearest, long position,
        DateTimeOffset from, CancellationToken cancel)
    {
        for (long? before = position; before is { } end;)
        {
            var parameters = new
            {
                name = provider.LedgerAccount,
                currency = provider.Currency.Code,
                end,
                limit = EntriesAtATime,
            };
            var entries = (await connection.QueryAsync<Entry>(
                new CommandDefinition(EntriesSql, parameters, cancellationToken: cancel))).AsList();
            foreach (var entry in entries)
            {
                nearest = Nearer(total, nearest, Provider.TotalOf(entry.BalanceAfter));
                if (entry.At < from - ClockDifference)
                {
                    return nearest;
                }
            }

            before = entries.Count < EntriesAtATime ? null : entries[^1].Position;
        }

        // The account was at nothing before its first entry.
        return Nearer(total, nearest, 0);
    }

    private static decimal Nearer(decimal to, decimal one, decimal other) =>
        Math.Abs(other - to) < Math.Abs(one - to) ? other : one;

    private const string NowSql = """
        SELECT balance
        FROM accounts
        WHERE name = @name AND currency = @currency
        """;

    // A search over the account's positions, along which times never go back: between low, whose entry is old enough,
    // and high, beyond which all are too young. Where one of them is missing it finds nothing.
    private const string LastSql = """
        WITH RECURSIVE search (account_id, low, high) AS (
            SELECT account.id, 0::bigint, coalesce(account.position, 0)
            FROM (SELECT) AS one
            LEFT JOIN accounts AS account ON account.name = @name AND account.currency = @currency
            UNION ALL
            SELECT search.account_id,
                CASE WHEN middle.created_at <= @time THEN middle.position ELSE search.low END,
                CASE WHEN middle.created_at <= @time THEN search.high ELSE middle.position - 1 END
            FROM search
            CROSS JOIN LATERAL (
                SELECT position, created_at
                FROM ledger_entries
                WHERE account_id = search.account_id AND position = search.high - (search.high - search.low) / 2
                LIMIT 1
            ) AS middle
            WHERE search.low < search.high
        )
        SELECT found.low AS position, CASE found.low WHEN 0 THEN 0 ELSE (
            SELECT balance_after
            FROM ledger_entries
            WHERE account_id = found.account_id AND position = found.low
        ) END AS balance
        FROM search AS found
        WHERE found.low = found.high
        """;

    private const string EntriesSql = """
        SELECT entry.position, entry.balance_after, entry.created_at
        FROM accounts AS account
        JOIN ledger_entries AS entry ON entry.account_id = account.id
        WHERE account.name = @name AND account.currency = @currency AND entry.position < @end
        ORDER BY entry.position DESC
        LIMIT @limit
        """;

    /// <param name="Balance">Null when its entry is missing.</param>
    private sealed record Place(long Position, long? Balance);

    private sealed record Entry(long Position, long BalanceAfter, DateTime CreatedAt)
    {
        public DateTimeOffset At => new(CreatedAt, TimeSpan.Zero);
    }
}
