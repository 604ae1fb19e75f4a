-- What is wrong with the entries of an account in a period: each against its transaction and its payment, and against
-- the entry before it. One walk along the primary key, with a look-up by primary key for each entry.
WITH walked AS (
    SELECT entry.account_id, entry.position, entry.amount, entry.balance_after, entry.created_at,
        entry.transaction_id, entry.currency,
        coalesce(lag(entry.position) OVER walk, 0) AS previous_position,
        coalesce(lag(entry.balance_after) OVER walk, 0) AS previous_balance,
        lag(entry.created_at) OVER walk AS previous_created_at
    FROM ledger_entries AS entry
    WHERE entry.account_id = ANY (@ids)
    WINDOW walk AS (PARTITION BY entry.account_id ORDER BY entry.position)
), matched AS (
    SELECT walked.account_id, walked.position, walked.amount, walked.balance_after, walked.transaction_id,
        walked.previous_position, walked.previous_balance,
        walked.created_at < walked.previous_created_at AS goes_back,
        walked.currency <> account.currency AS in_another_currency,
        posting.kind,
        posting.id AS posting_id,
        posting.account_ids,
        posting.positions,
        posting.positions[array_position(posting.account_ids, walked.account_id)] AS listed_position,
        posting.kind IN ('payment', 'transfer') AS is_payment,
        payment.id AS payment_id,
        payment.status,
        -- Clearing has the other side of every payment that names no payer.
        CASE
            WHEN payment.currency <> account.currency THEN NULL
            WHEN payment.payee_account = account.name THEN payment.amount::numeric
            WHEN payment.payer_account = account.name THEN -payment.amount::numeric
            WHEN payment.payer_account IS NULL AND account.system AND account.name LIKE 'clearing/%'
                THEN -payment.amount::numeric
        END AS expected
    FROM walked
    JOIN accounts AS account ON account.id = walked.account_id
    LEFT JOIN ledger_transactions AS posting ON posting.id = walked.transaction_id
    LEFT JOIN payments AS payment ON payment.id = posting.id AND posting.kind IN ('payment', 'transfer')
    WHERE walked.created_at >= coalesce(@from::timestamptz, '-infinity') AND walked.created_at < @to
), judged AS (
    SELECT matched.account_id, matched.position, matched.amount, matched.balance_after, matched.transaction_id,
        matched.previous_position, matched.previous_balance, matched.goes_back, matched.payment_id, matched.expected,
        CASE
            WHEN matched.posting_id IS NULL THEN 'its transaction does not exist'
            WHEN matched.listed_position IS DISTINCT FROM matched.position AND NOT EXISTS (
                SELECT
                FROM ledger_entries AS proper
                WHERE proper.account_id = matched.account_id AND proper.position = matched.listed_position
                    AND proper.transaction_id = matched.transaction_id
            ) THEN 'its transaction does not list it'
            WHEN matched.listed_position IS DISTINCT FROM matched.position THEN NULL
            WHEN NOT matched.is_payment THEN NULL
            WHEN matched.payment_id IS NULL THEN 'no payment has its transaction''s id'
            WHEN matched.status NOT IN ('completed', 'completed_with_discrepancy')
                THEN 'its payment is ' || matched.status
            WHEN matched.expected IS NULL THEN 'its payment is between other accounts, or in another currency'
        END AS orphaned_because,
        matched.listed_position IS DISTINCT FROM matched.position AS is_unlisted,
        matched.in_another_currency,
        -- What no payment tells is told by the other entries of the transaction: all of them sum to zero.
        CASE WHEN matched.is_payment IS FALSE AND matched.listed_position = matched.position THEN (
            SELECT -coalesce(sum(other.amount), 0)
            FROM unnest(matched.account_ids, matched.positions) AS listed (account_id, position)
            JOIN ledger_entries AS other
                ON other.account_id = listed.account_id AND other.position = listed.position
            JOIN accounts AS other_account ON other_account.id = other.account_id
            JOIN accounts AS this_account ON this_account.id = matched.account_id
            WHERE listed.account_id <> matched.account_id AND other.transaction_id = matched.transaction_id
                AND other_account.currency = this_account.currency
        ) END AS balancing
    FROM matched
)
INSERT INTO account_reconciliation_findings
    (reconciliation_id, kind, account_id, position, payment_id, transaction_id, expected, actual, detail)
SELECT @report, found.kind, judged.account_id, judged.position, judged.payment_id, judged.transaction_id,
    found.expected, found.actual, found.detail
FROM judged
CROSS JOIN LATERAL (VALUES
    ('orphan_entry', judged.orphaned_because IS NOT NULL,
        NULL::numeric, judged.amount::numeric, judged.orphaned_because),
    ('duplicated_entry', judged.orphaned_because IS NULL AND judged.is_unlisted,
        NULL, judged.amount, 'the account has another entry of the same transaction, which lists that one'),
    ('amount_mismatch', judged.orphaned_because IS NULL AND NOT judged.is_unlisted
        AND judged.expected <> judged.amount,
        judged.expected, judged.amount, 'the entry and its payment differ'),
    ('amount_mismatch', judged.orphaned_because IS NULL AND judged.balancing <> judged.amount,
        judged.balancing, judged.amount, 'the entries of its transaction do not sum to zero'),
    ('amount_mismatch', judged.orphaned_because IS NULL AND judged.in_another_currency,
        NULL, judged.amount, 'the entry is in another currency than its account'),
    ('position_gap', judged.position <> judged.previous_position + 1,
        judged.previous_position + 1, judged.position, 'there is no entry at the positions before this one'),
    ('running_balance_mismatch', judged.position = judged.previous_position + 1
        AND judged.balance_after::numeric <> judged.previous_balance::numeric + judged.amount,
        judged.previous_balance::numeric + judged.amount, judged.balance_after,
        'the balance after the entry is not the one before it and its amount'),
    ('time_disorder', judged.goes_back,
        NULL, NULL, 'the entry is older than the one before it')
) AS found (kind, is_so, expected, actual, detail)
WHERE found.is_so
ORDER BY judged.account_id, judged.position
