namespace Payments.Api.Tests.Accounts;

/// <summary>Histories of any length, made in one statement: entry i is posted i seconds after a fixed moment.</summary>
internal static class LongHistory
{
    public static readonly DateTimeOffset Begin = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// Adds entries up to a position: each credits one more cent than the one before; every tenth is a refund's.
    /// </summary>
    public static async Task AddAsync(TestDatabase database, string name, int position)
    {
        await database.ExecuteAsync(OpenSql, new { name });
        await database.ExecuteAsync(AddSql, new { name, position = (long)position, begin = Begin });
    }

    private const string OpenSql = """
        INSERT INTO accounts (name, currency) VALUES (@name, 'USD'), (@name || '-other', 'USD')
        ON CONFLICT DO NOTHING
        """;

    // Both sides of a transaction go through an account of the test's, as the triggers demand.
    private const string AddSql = """
        WITH pair AS (
            SELECT one.id, one.position, other.id AS other_id
            FROM accounts AS one JOIN accounts AS other ON other.name = @name || '-other'
            WHERE one.name = @name
        ), posted AS (
            SELECT gen_random_uuid() AS transaction_id, i, p.id, p.other_id, i * (i + 1) / 2 AS balance,
                @begin + i * interval '1 second' AS created_at
            FROM pair AS p, generate_series(p.position + 1, @position) AS i
        ), transactions AS (
            INSERT INTO ledger_transactions (id, created_at, entry_count, kind, account_ids, positions)
            SELECT transaction_id, created_at, 2, CASE WHEN i % 10 = 0 THEN 'refund' ELSE 'payment' END,
                ARRAY[id, other_id], ARRAY[i, i]
            FROM posted
        ), entries AS (
            INSERT INTO ledger_entries
                (account_id, position, amount, balance_after, created_at, transaction_id, currency)
            SELECT side.account_id, i, side.amount, side.balance, created_at, transaction_id, 'USD'
            FROM posted
            CROSS JOIN LATERAL (VALUES (id, i, balance), (other_id, -i, -balance)) AS side (account_id, amount, balance)
        )
        UPDATE accounts AS a
        SET balance = CASE a.id WHEN p.id THEN 1 ELSE -1 END * (@position * (@position + 1) / 2),
            position = @position, last_entry_at = @begin + @position * interval '1 second'
        FROM pair AS p
        WHERE a.id IN (p.id, p.other_id) AND a.position < @position
        """;
}
