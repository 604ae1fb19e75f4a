-- Of a window of ids: how many entries are as their transactions list them, and which transactions are not as they
-- should be, or missing. Each is compared with the entries that it lists, and with what it settles, which has its id. A
-- refund goes back to where its payment came from; without a name that is a part of the clearing account.
-- Adjustments and reversals settle nothing: they stand with what was decided, or with the withdrawal that they end. The
-- few that there are look for it by key, in a form that the server cannot turn into a read of all of it.
-- Those of a moment that has passed are counted, as in EntrySums.sql; all are looked at.
WITH clock AS MATERIALIZED (
    SELECT @xmax + age((@xmax & 4294967295)::text::xid) AS present
), posted AS (
    SELECT clock.present, clock.present - age(posting.xmin) AS written_by, posting.id, posting.kind, posting.corrects,
        posting.entry_count, listed.entries, listed.credited, listed.debited, listed.currency, listed.credited_account,
        listed.debited_account,
        CASE WHEN listed.currency = listed.last_currency THEN listed.total <> 0 ELSE EXISTS (
            SELECT
            FROM unnest(posting.account_ids, posting.positions) AS place (account_id, position)
            JOIN ledger_entries AS entry
                ON entry.account_id = place.account_id AND entry.position = place.position
            JOIN accounts AS account ON account.id = entry.account_id
            GROUP BY account.currency
            HAVING sum(entry.amount) <> 0
        ) END AS is_off,
        listed.currency IS DISTINCT FROM listed.last_currency AS has_several_currencies
    FROM clock
    CROSS JOIN ledger_transactions AS posting
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE entry.transaction_id = posting.id) AS entries,
            sum(entry.amount) AS total,
            min(account.currency) AS currency,
            max(account.currency) AS last_currency,
            max(entry.amount) AS credited,
            min(entry.amount) AS debited,
            max(account.name) FILTER (WHERE entry.amount > 0) AS credited_account,
            max(account.name) FILTER (WHERE entry.amount < 0) AS debited_account
        FROM unnest(posting.account_ids, posting.positions) AS place (account_id, position)
        LEFT JOIN ledger_entries AS entry
            ON entry.account_id = place.account_id AND entry.position = place.position
        LEFT JOIN accounts AS account ON account.id = entry.account_id
    ) AS listed
    WHERE posting.id >= @from AND posting.id <= @upTo
), settled AS (
    SELECT payment.id, payment.kind, payment.amount, payment.currency, payment.payee_account, payment.payer_account,
        payment.status IN ('completed', 'completed_with_discrepancy') AS is_settled
    FROM payments AS payment
    WHERE payment.id >= @from AND payment.id <= @upTo
    UNION ALL
    SELECT refund.id, 'refund', refund.amount, refund.currency, payment.payer_account, refund.account,
        refund.status = 'succeeded'
    FROM refunds AS refund
    LEFT JOIN payments AS payment ON payment.id = refund.payment_id
    WHERE refund.id >= @from AND refund.id <= @upTo
), judged AS (
    SELECT coalesce(posted.id, settled.id) AS id, CASE WHEN CASE
            WHEN posted.written_by < @xmin OR posted.written_by > posted.present THEN true
            WHEN posted.written_by < @xmax THEN
                pg_visible_in_snapshot(posted.written_by::text::xid8, @snapshot::text::pg_snapshot)
                    OR posted.written_by = @own
            ELSE posted.written_by = @own
        END THEN posted.entries ELSE 0 END AS entries,
        CASE
            WHEN posted.id IS NULL THEN settled.is_settled
            WHEN posted.entries <> posted.entry_count OR posted.is_off THEN true
            WHEN settled.id IS NULL THEN CASE
                WHEN posted.kind IN ('adjustment', 'reversal') THEN coalesce(
                    (SELECT true FROM withdrawals AS flow WHERE flow.closing_transaction_id = posted.id),
                    (
                        SELECT true
                        FROM reconciliation_adjustments AS decided
                        WHERE decided.corrects = CASE posted.kind
                            WHEN 'adjustment' THEN posted.corrects
                            ELSE (
                                SELECT undone.corrects FROM ledger_transactions AS undone WHERE undone.id = posted.corrects
                            )
                        END AND CASE posted.kind
                            WHEN 'adjustment' THEN posted.id IN (decided.transaction_id, decided.counter_transaction_id)
                            ELSE posted.id IN (decided.undo_transaction_id, decided.undo_counter_transaction_id)
                        END
                        LIMIT 1
                    )
                ) IS NULL
                ELSE posted.kind IN ('payment', 'transfer', 'refund')
            END
            ELSE NOT settled.is_settled OR posted.kind <> settled.kind OR posted.entry_count <> 2
                OR posted.credited IS DISTINCT FROM settled.amount
                OR posted.debited IS DISTINCT FROM -settled.amount::numeric
                OR posted.has_several_currencies OR posted.currency IS DISTINCT FROM settled.currency
                OR posted.credited_account <> coalesce(settled.payee_account, posted.credited_account)
                OR (settled.payee_account IS NULL AND NOT starts_with(posted.credited_account, 'clearing/'))
                OR posted.debited_account <> coalesce(settled.payer_account, posted.debited_account)
                OR (settled.payer_account IS NULL AND NOT starts_with(posted.debited_account, 'clearing/'))
        END AS is_suspect
    FROM posted
    FULL JOIN settled ON settled.id = posted.id
)
SELECT NULL::uuid AS id, coalesce(sum(judged.entries), 0)::bigint AS matched
FROM judged
UNION ALL
SELECT judged.id, 0
FROM judged
WHERE judged.is_suspect
ORDER BY id NULLS FIRST
