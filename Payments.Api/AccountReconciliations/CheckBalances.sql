-- The account's balances, each found in three ways, and the report with the number of all findings.
WITH figures AS MATERIALIZED (
    SELECT account.id, account.balance, account.position,
        summed.entries, summed.opening, summed.closing, summed.last_position,
        coalesce(opening.balance_after, 0) AS opening_running,
        coalesce(closing.balance_after, 0) AS closing_running,
        account.balance - summed.later AS closing_account
    FROM accounts AS account
    CROSS JOIN LATERAL (
        SELECT
            count(*) FILTER (WHERE entry.created_at >= coalesce(@from::timestamptz, '-infinity')
                AND entry.created_at < @to) AS entries,
            coalesce(sum(entry.amount) FILTER (
                WHERE entry.created_at < coalesce(@from::timestamptz, '-infinity')), 0) AS opening,
            coalesce(sum(entry.amount) FILTER (WHERE entry.created_at < @to), 0) AS closing,
            coalesce(sum(entry.amount) FILTER (WHERE entry.created_at >= @to), 0) AS later,
            coalesce(max(entry.position), 0) AS last_position
        FROM ledger_entries AS entry
        WHERE entry.account_id = account.id
    ) AS summed
    LEFT JOIN LATERAL (
        SELECT entry.balance_after
        FROM ledger_entries AS entry
        WHERE entry.account_id = account.id AND entry.created_at < coalesce(@from::timestamptz, '-infinity')
        ORDER BY entry.position DESC
        LIMIT 1
    ) AS opening ON true
    LEFT JOIN LATERAL (
        SELECT entry.balance_after
        FROM ledger_entries AS entry
        WHERE entry.account_id = account.id AND entry.created_at < @to
        ORDER BY entry.position DESC
        LIMIT 1
    ) AS closing ON true
    WHERE account.id = ANY (@ids)
), found AS (
    INSERT INTO account_reconciliation_findings (reconciliation_id, kind, account_id, position, expected, actual, detail)
    SELECT @report, finding.kind, figures.id, finding.position, finding.expected, finding.actual, finding.detail
    FROM figures
    CROSS JOIN LATERAL (VALUES
        ('opening_balance_mismatch', figures.opening <> figures.opening_running, NULL::bigint,
            figures.opening, figures.opening_running::numeric,
            'the entries before the period do not add up to the balance after the last of them'),
        ('closing_balance_mismatch', figures.closing <> figures.closing_running, NULL,
            figures.closing, figures.closing_running,
            'the entries do not add up to the balance after the last of them'),
        ('account_row_mismatch', figures.closing <> figures.closing_account, NULL,
            figures.closing, figures.closing_account,
            'the entries do not add up to the balance of the account row'),
        ('position_gap', figures.last_position <> figures.position, figures.last_position,
            figures.position, figures.last_position,
            'the account row counts another last position than its entries have')
    ) AS finding (kind, is_so, position, expected, actual, detail)
    WHERE finding.is_so
    RETURNING reconciliation_id
)
INSERT INTO account_reconciliations (id, period_from, period_to, created_at, owner_id, milliseconds, payments, entries,
    findings, opening_by_sum, opening_by_running, closing_by_sum, closing_by_running, closing_by_account, account_name,
    currency)
SELECT @report, @from::timestamptz, @to, now(), @ownerId,
    (extract(epoch FROM clock_timestamp() - now()) * 1000)::int, @payments, sum(figures.entries),
    (SELECT count(*) FROM account_reconciliation_findings WHERE reconciliation_id = @report)
        + (SELECT count(*) FROM found),
    sum(figures.opening), sum(figures.opening_running), sum(figures.closing), sum(figures.closing_running),
    sum(figures.closing_account), @name, @currency
FROM figures
