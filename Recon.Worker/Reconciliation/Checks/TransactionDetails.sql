-- What the finding of a break needs to know of transactions and of what they settle: a row for each entry that they
-- list, and one for what was settled without a transaction. A refund's other end is where its payment came from.
SELECT wanted.id, posting.kind, CASE WHEN posting.kind IN ('adjustment', 'reversal') THEN coalesce(
        (SELECT true FROM withdrawals AS flow WHERE flow.closing_transaction_id = posting.id),
        (
            SELECT true
            FROM reconciliation_adjustments AS decided
            WHERE decided.corrects = CASE posting.kind
                WHEN 'adjustment' THEN posting.corrects
                ELSE (SELECT undone.corrects FROM ledger_transactions AS undone WHERE undone.id = posting.corrects)
            END AND CASE posting.kind
                WHEN 'adjustment' THEN posting.id IN (decided.transaction_id, decided.counter_transaction_id)
                ELSE posting.id IN (decided.undo_transaction_id, decided.undo_counter_transaction_id)
            END
            LIMIT 1
        ),
        false
    ) END AS is_decided, settled.kind AS settled_kind, settled.status, settled.is_settled,
    settled.amount AS settled_amount, settled.currency AS settled_currency, settled.payment_id, settled.credited,
    settled.debited, place.account_id AS listed_account_id, place.position AS listed_position,
    account.name AS account_name, account.currency AS account_currency, entry.amount,
    entry.transaction_id AS entry_transaction_id
FROM unnest(@ids) AS wanted (id)
LEFT JOIN ledger_transactions AS posting ON posting.id = wanted.id
LEFT JOIN LATERAL (
    SELECT payment.kind, payment.status, payment.amount, payment.currency, payment.id AS payment_id,
        payment.payee_account AS credited, coalesce(payment.payer_account, 'clearing') AS debited,
        payment.status IN ('completed', 'completed_with_discrepancy') AS is_settled
    FROM payments AS payment
    WHERE payment.id = wanted.id
    UNION ALL
    SELECT 'refund', refund.status, refund.amount, refund.currency, refund.payment_id,
        coalesce(payment.payer_account, 'clearing'), refund.account, refund.status = 'succeeded'
    FROM refunds AS refund
    LEFT JOIN payments AS payment ON payment.id = refund.payment_id
    WHERE refund.id = wanted.id
    LIMIT 1
) AS settled ON true
LEFT JOIN LATERAL unnest(posting.account_ids, posting.positions) WITH ORDINALITY
    AS place (account_id, position, number) ON true
LEFT JOIN ledger_entries AS entry ON entry.account_id = place.account_id AND entry.position = place.position
LEFT JOIN accounts AS account ON account.id = place.account_id
ORDER BY wanted.id, place.number
