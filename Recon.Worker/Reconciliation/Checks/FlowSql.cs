namespace Recon.Worker.Reconciliation.Checks;

/// <summary>The part of the statements that is the same for all flows.</summary>
internal static class FlowSql
{
    /// <summary>Finds what the ledger has for each posting of the set <c>due</c>, which stands before it.</summary>
    public const string Postings = """

        SELECT due.flow_id, due.transaction_id, due.part, due.kind, due.status, due.is_due, due.account, due.currency,
            due.expected, posting.kind AS posted_kind, coalesce(listed.actual, 0) AS actual,
            coalesce(listed.is_elsewhere, false) AS is_elsewhere, account.id AS account_id
        FROM due
        LEFT JOIN accounts AS account ON account.name = due.account AND account.currency = due.currency
        LEFT JOIN ledger_transactions AS posting ON posting.id = due.transaction_id
        LEFT JOIN LATERAL (
            SELECT sum(entry.amount) FILTER (WHERE entry.account_id = account.id) AS actual,
                bool_or(other.name <> ALL (due.accounts)) AS is_elsewhere
            FROM unnest(posting.account_ids, posting.positions) AS place (account_id, position)
            JOIN ledger_entries AS entry ON entry.account_id = place.account_id AND entry.position = place.position
            LEFT JOIN accounts AS other ON other.id = entry.account_id
        ) AS listed ON true
        ORDER BY due.flow_id, due.part, due.currency
        """;

    /// <summary>Transactions of a kind without a deposit or conversion, in each currency that is added up.</summary>
    public const string Flowless = """
        SELECT posting.id AS transaction_id, posting.kind, totalled.currency, coalesce(moved.amount, 0) AS actual
        FROM ledger_transactions AS posting
        CROSS JOIN unnest(@currencies, @accounts, @signs) AS totalled (currency, account, sign)
        LEFT JOIN LATERAL (
            SELECT sum(entry.amount) * totalled.sign AS amount
            FROM unnest(posting.account_ids, posting.positions) AS place (account_id, position)
            JOIN ledger_entries AS entry ON entry.account_id = place.account_id AND entry.position = place.position
            JOIN accounts AS account ON account.id = entry.account_id
            WHERE account.name = totalled.account AND account.currency = totalled.currency
        ) AS moved ON true
        WHERE posting.id >= @from AND posting.id <= @upTo AND posting.kind = @kind
            AND CASE @kind
                WHEN 'deposit' THEN NOT EXISTS (SELECT FROM deposits AS flow WHERE flow.id = posting.id)
                ELSE NOT EXISTS (SELECT FROM conversion_jobs AS flow WHERE flow.id = posting.id)
            END
        ORDER BY posting.id, totalled.currency
        """;

    /// <summary>The same of withdrawals: neither the reservation of one, nor its end.</summary>
    public const string FlowlessWithdrawals = """
        SELECT posting.id AS transaction_id, posting.kind, totalled.currency, coalesce(moved.amount, 0) AS actual
        FROM ledger_transactions AS posting
        CROSS JOIN unnest(@currencies, @accounts, @signs) AS totalled (currency, account, sign)
        LEFT JOIN LATERAL (
            SELECT sum(entry.amount) FILTER (WHERE entry.amount > 0) * totalled.sign AS amount
            FROM unnest(posting.account_ids, posting.positions) AS place (account_id, position)
            JOIN ledger_entries AS entry ON entry.account_id = place.account_id AND entry.position = place.position
            JOIN accounts AS account ON account.id = entry.account_id
            WHERE account.currency = totalled.currency
        ) AS moved ON true
        WHERE posting.id >= @from AND posting.id <= @upTo AND posting.kind = @kind
            AND NOT EXISTS (SELECT FROM withdrawals AS flow WHERE flow.id = posting.id)
            AND NOT EXISTS (SELECT FROM withdrawals AS flow WHERE flow.closing_transaction_id = posting.id)
        ORDER BY posting.id, totalled.currency
        """;
}
