namespace Payments.Testing;

public static partial class Books
{
    // Continues the query over everything else.
    private const string FlowFaultsSql = """

        UNION ALL
        SELECT format('deposit %s is %s and has %s ledger transactions', d.id, d.status, count(t.id))
        FROM deposits AS d LEFT JOIN ledger_transactions AS t ON t.id = d.id AND t.kind = 'deposit'
        GROUP BY d.id HAVING count(t.id) <> (d.status = 'completed')::int
        UNION ALL
        SELECT format('conversion %s is %s and has %s ledger transactions', c.id, c.status, count(t.id))
        FROM conversion_jobs AS c
        LEFT JOIN ledger_transactions AS t ON t.id = c.id AND t.kind = 'conversion' AND t.entry_count = 4
        GROUP BY c.id HAVING count(t.id) <> (c.status = 'completed')::int
        UNION ALL
        SELECT format('withdrawal %s is %s and was reserved %s times', w.id, w.status, count(t.id))
        FROM withdrawals AS w LEFT JOIN ledger_transactions AS t ON t.id = w.id AND t.kind = 'withdrawal'
        GROUP BY w.id HAVING count(t.id) <> 1
        UNION ALL
        SELECT format('withdrawal %s is %s and was closed %s times', w.id, w.status, count(t.id))
        FROM withdrawals AS w
        LEFT JOIN ledger_transactions AS t ON t.id = w.closing_transaction_id
            AND t.kind = CASE w.status WHEN 'completed' THEN 'withdrawal' WHEN 'failed' THEN 'reversal' END
            AND t.corrects IS NOT DISTINCT FROM CASE w.status WHEN 'failed' THEN w.id END
        GROUP BY w.id HAVING count(t.id) <> (w.status <> 'reserved')::int
        UNION ALL
        SELECT format('flow %s should have %s %s in %s, and has %s', f.id, f.amount, f.currency, f.name, e.amount)
        FROM (
            SELECT id, account_name AS name, currency, amount FROM deposits WHERE status = 'completed'
            UNION ALL
            SELECT id, 'usdc_buffer', currency, -amount FROM deposits WHERE status = 'completed'
            UNION ALL
            SELECT id, account_name, 'USDC', -usdc_amount FROM conversion_jobs WHERE status = 'completed'
            UNION ALL
            SELECT id, 'usdc_buffer', 'USDC', usdc_amount FROM conversion_jobs WHERE status = 'completed'
            UNION ALL
            SELECT id, account_name, 'USD', usd_amount FROM conversion_jobs WHERE status = 'completed'
            UNION ALL
            SELECT id, 'fiat_exposure', 'USD', -usd_amount FROM conversion_jobs WHERE status = 'completed'
            UNION ALL
            SELECT id, account_name, currency, -amount FROM withdrawals
            UNION ALL
            SELECT id, 'withdrawals_pending', currency, amount FROM withdrawals
            UNION ALL
            SELECT closing_transaction_id, 'withdrawals_pending', currency, -amount
            FROM withdrawals WHERE status <> 'reserved'
            UNION ALL
            SELECT closing_transaction_id, CASE status WHEN 'completed' THEN 'fiat_exposure' ELSE account_name END,
                currency, amount
            FROM withdrawals WHERE status <> 'reserved'
        ) AS f
        LEFT JOIN accounts AS a ON a.name = f.name AND a.currency = f.currency
        LEFT JOIN ledger_entries AS e ON e.transaction_id = f.id AND e.account_id = a.id
        WHERE e.amount IS DISTINCT FROM f.amount
        """;
}
