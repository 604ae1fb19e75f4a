using Dapper;
using Npgsql;

namespace Payments.Testing;

/// <summary>The invariants of the books, checked over everything a database holds, in SQL of their own.</summary>
public static partial class Books
{
    /// <summary>Every sentence that is not true of the database; none when the books are right.</summary>
    public static async Task<IReadOnlyList<string>> FaultsAsync(NpgsqlDataSource superuser)
    {
        await using var connection = await superuser.OpenConnectionAsync();

        // Tables that have just been filled count as small, and what is quick for ten rows takes minutes for fifty
        // thousand. The pool resets it.
        await connection.ExecuteAsync("SET enable_nestloop = off");
        return await FaultsAsync(connection);
    }

    /// <summary>The same from within the connection's transaction.</summary>
    public static async Task<IReadOnlyList<string>> FaultsAsync(NpgsqlConnection connection) =>
        [.. await connection.QueryAsync<string>(FaultsSql)];

    private const string FaultsSql = """
        SELECT format('entries of transaction %s sum to %s %s', transaction_id, sum(amount), currency)
        FROM ledger_entries GROUP BY transaction_id, currency HAVING sum(amount) <> 0
        UNION ALL
        SELECT format('transaction %s has %s entries instead of %s', t.id, count(e.account_id), t.entry_count)
        FROM ledger_transactions AS t LEFT JOIN ledger_entries AS e ON e.transaction_id = t.id
        GROUP BY t.id HAVING count(e.account_id) <> t.entry_count
        UNION ALL
        SELECT format('entry %s-%s belongs to no transaction', e.account_id, e.position)
        FROM ledger_entries AS e LEFT JOIN ledger_transactions AS t ON t.id = e.transaction_id WHERE t.id IS NULL
        UNION ALL
        SELECT format('account %s is at %s, position %s; its entries end at %s, position %s',
            a.name, a.balance, a.position, coalesce(sum(e.amount), 0), count(e.position))
        FROM accounts AS a LEFT JOIN ledger_entries AS e ON e.account_id = a.id
        GROUP BY a.id HAVING a.balance <> coalesce(sum(e.amount), 0) OR a.position <> count(e.position)
        UNION ALL
        SELECT format('entry %s-%s says %s after it, replay says %s',
            r.account_id, r.position, r.balance_after, r.replayed)
        FROM (
            SELECT account_id, position, balance_after,
                sum(amount) OVER w AS replayed, row_number() OVER w AS place,
                created_at < lag(created_at) OVER w AS goes_back
            FROM ledger_entries WINDOW w AS (PARTITION BY account_id ORDER BY position)
        ) AS r WHERE r.balance_after <> r.replayed OR r.position <> r.place OR r.goes_back
        UNION ALL
        SELECT format('payment %s is %s, its result is %s', p.id, p.status, coalesce(r.status, 'missing'))
        FROM payments AS p LEFT JOIN reconciliation_results AS r ON r.payment_id = p.id
        WHERE p.status NOT IN ('pending', 'cancelled') AND r.status IS DISTINCT FROM p.status
        UNION ALL
        SELECT format('payment %s is %s and has %s ledger transactions', p.id, p.status, count(t.id))
        FROM payments AS p
        LEFT JOIN ledger_transactions AS t ON t.id = p.id AND t.kind = p.kind AND t.entry_count = 2
        GROUP BY p.id HAVING count(t.id) <> (p.status IN ('completed', 'completed_with_discrepancy'))::int
        UNION ALL
        SELECT format('payment %s is of %s, its result is of %s', p.id, p.amount, r.expected_amount)
        FROM payments AS p JOIN reconciliation_results AS r ON r.payment_id = p.id
        WHERE r.expected_amount <> p.amount
        UNION ALL
        SELECT format('payment %s is %s, its job is %s', p.id, p.status, coalesce(j.status, 'missing'))
        FROM payments AS p LEFT JOIN recon_jobs AS j ON j.id = p.id
        WHERE (p.status = 'pending') <> coalesce(j.status IN ('pending', 'processing', 'dead'), false)
        UNION ALL
        SELECT format('payment %s has %s refunded or reserved, its refunds say %s',
            p.id, p.refunded_amount, coalesce(sum(r.amount), 0))
        FROM payments AS p LEFT JOIN refunds AS r ON r.payment_id = p.id AND r.status <> 'failed'
        GROUP BY p.id HAVING p.refunded_amount <> coalesce(sum(r.amount), 0)
        UNION ALL
        SELECT format('refund %s is %s and has %s ledger transactions that take its payment back',
            r.id, r.status, count(t.id))
        FROM refunds AS r
        LEFT JOIN ledger_transactions AS t ON t.id = r.id AND t.kind = 'refund' AND t.corrects = r.payment_id
        GROUP BY r.id HAVING count(t.id) <> (r.status = 'succeeded')::int
        UNION ALL
        SELECT format('refund %s is of %s, its entry in %s is of %s', r.id, r.amount, r.account, e.amount)
        FROM refunds AS r
        JOIN accounts AS a ON a.name = r.account AND a.currency = r.currency
        JOIN ledger_entries AS e ON e.transaction_id = r.id AND e.account_id = a.id
        WHERE e.amount <> -r.amount
        UNION ALL
        SELECT format('refund %s is %s, its job is %s', r.id, r.status, coalesce(j.status, 'missing'))
        FROM refunds AS r LEFT JOIN recon_jobs AS j ON j.id = r.id AND j.kind = 'refund'
        WHERE (r.status = 'pending') <> coalesce(j.status IN ('pending', 'processing', 'dead'), false)
        """ + PostedFaultsSql + FlowFaultsSql;

    // Which part of clearing paid is known by the job that settled the payment; where that is gone, it may be any.
    private const string PostedFaultsSql = """

        UNION ALL
        SELECT format('payment %s has no entry of %s %s in %s', s.id, s.amount, s.currency,
            coalesce(s.account, 'a part of clearing'))
        FROM (
            SELECT p.id, p.payee_account AS account, p.currency, p.amount
            FROM payments AS p WHERE p.status IN ('completed', 'completed_with_discrepancy')
            UNION ALL
            SELECT p.id, coalesce(p.payer_account, 'clearing/' || to_char(j.division, 'FM00')), p.currency, -p.amount
            FROM payments AS p LEFT JOIN recon_jobs AS j ON j.id = p.id AND j.status = 'completed'
            WHERE p.status IN ('completed', 'completed_with_discrepancy')
        ) AS s
        LEFT JOIN (ledger_entries AS e JOIN accounts AS a ON a.id = e.account_id)
            ON e.transaction_id = s.id AND e.amount = s.amount AND a.currency = s.currency
                AND (a.name = s.account OR (s.account IS NULL AND a.name LIKE 'clearing/__'))
        WHERE e.account_id IS NULL
        """;
}
