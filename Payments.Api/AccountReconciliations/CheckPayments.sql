-- The settled payments of a period that have no entry in the account. Both sides are read whole and hashed, since no
-- index leads from a payment to its entries; what does not fit into memory goes to disk.
WITH settled AS (
    SELECT payment.id, payment.amount::numeric
    FROM payments AS payment
    WHERE payment.payee_account = @name AND payment.currency = @currency
        AND payment.status IN ('completed', 'completed_with_discrepancy')
        AND payment.settled_at >= coalesce(@from::timestamptz, '-infinity') AND payment.settled_at < @to
    UNION ALL
    SELECT payment.id, -payment.amount::numeric
    FROM payments AS payment
    WHERE payment.payer_account = @name AND payment.currency = @currency
        AND payment.status IN ('completed', 'completed_with_discrepancy')
        AND payment.settled_at >= coalesce(@from::timestamptz, '-infinity') AND payment.settled_at < @to
    UNION ALL
    SELECT payment.id, -payment.amount::numeric
    FROM payments AS payment
    WHERE @clearing AND payment.payer_account IS NULL AND payment.currency = @currency
        AND payment.status IN ('completed', 'completed_with_discrepancy')
        AND payment.settled_at >= coalesce(@from::timestamptz, '-infinity') AND payment.settled_at < @to
), missing AS (
    SELECT settled.id, settled.amount
    FROM settled
    WHERE NOT EXISTS (
        SELECT
        FROM ledger_entries AS entry
        WHERE entry.account_id = ANY (@ids) AND entry.transaction_id = settled.id
    )
), reported AS (
    INSERT INTO account_reconciliation_findings
        (reconciliation_id, kind, account_id, position, payment_id, transaction_id, expected, detail)
    SELECT @report, 'missing_entry', listed.account_id, listed.position, missing.id, listed.transaction_id,
        missing.amount,
        CASE WHEN listed.transaction_id IS NULL
            THEN 'the payment is settled, but was never posted to the account'
            ELSE 'the payment''s transaction lists an entry that the account does not have'
        END
    FROM missing
    LEFT JOIN LATERAL (
        SELECT posting.id AS transaction_id, of.account_id, of.position
        FROM ledger_transactions AS posting
        CROSS JOIN LATERAL unnest(posting.account_ids, posting.positions) AS of (account_id, position)
        WHERE posting.id = missing.id AND of.account_id = ANY (@ids)
        LIMIT 1
    ) AS listed ON true
    ORDER BY missing.id
)
SELECT count(*) FROM settled
