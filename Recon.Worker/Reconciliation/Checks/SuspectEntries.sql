-- Entries of a window that are not as they should be: each against the entry before it, its account, its transaction.
-- The first of the window was looked at with the window before; here it is only what the next one follows. Its
-- transaction is looked up for every entry only when some entry is known to belong to none: that is most of the work.
WITH walked AS (
    SELECT entry.account_id, entry.position, entry.amount, entry.balance_after, entry.created_at,
        entry.transaction_id, entry.currency,
        lag(entry.position, 1, 0::bigint) OVER walk AS previous_position,
        lag(entry.balance_after, 1, 0::bigint) OVER walk AS previous_balance,
        lag(entry.created_at) OVER walk AS previous_created_at
    FROM ledger_entries AS entry
    WHERE (entry.account_id, entry.position) >= (@account, @position)
        AND (entry.account_id, entry.position) <= (@lastAccount, @lastPosition)
    WINDOW walk AS (PARTITION BY entry.account_id ORDER BY entry.position)
), judged AS MATERIALIZED (
    SELECT walked.account_id, walked.position, walked.amount, walked.balance_after, walked.transaction_id,
        walked.currency, walked.previous_position, walked.previous_balance,
        coalesce(walked.created_at < walked.previous_created_at, false) AS goes_back,
        account.name AS account_name, account.currency AS account_currency,
        account.currency IS DISTINCT FROM walked.currency
            OR walked.position <> walked.previous_position + 1
            OR walked.balance_after::numeric - walked.amount <> walked.previous_balance
            OR coalesce(walked.created_at < walked.previous_created_at, false) AS is_suspect
    FROM walked
    LEFT JOIN accounts AS account ON account.id = walked.account_id
    WHERE (walked.account_id, walked.position) <> (@account, @position)
)
SELECT judged.account_id, judged.position, judged.amount, judged.balance_after, judged.transaction_id, judged.currency,
    judged.previous_position, judged.previous_balance, judged.goes_back, judged.account_name, judged.account_currency,
    posting.id IS NOT NULL AS has_transaction, listed.position AS listed_position,
    EXISTS (
        SELECT
        FROM ledger_entries AS proper
        WHERE proper.account_id = judged.account_id AND proper.position = listed.position
            AND proper.transaction_id = judged.transaction_id
    ) AS has_proper_entry
FROM judged
LEFT JOIN ledger_transactions AS posting ON posting.id = judged.transaction_id
LEFT JOIN LATERAL (
    SELECT posting.positions[array_position(posting.account_ids, judged.account_id)] AS position
) AS listed ON true
WHERE (judged.is_suspect OR @lookUp)
    AND (judged.is_suspect OR listed.position IS DISTINCT FROM judged.position)
ORDER BY judged.account_id, judged.position
