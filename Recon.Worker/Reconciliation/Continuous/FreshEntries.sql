-- Entries in a range of blocks that the last pass did not see, and what is wrong with them at first sight. A row that
-- was updated is a new row, so it is among them however old the entry is.
--
-- Transaction numbers in rows have 32 bits; those of snapshots have the epoch before them. The age of both is counted
-- from the same number, so the one tells the other, whatever the epoch. The last snapshot is asked only about numbers
-- within its bounds: that costs more than all else here.
WITH bounds AS MATERIALIZED (
    SELECT @xmax + age((@xmax & 4294967295)::text::xid) AS present,
        pg_snapshot_xmax(@lastSnapshot::text::pg_snapshot)::text::bigint AS last_xmax
), numbered AS (
    SELECT entry.account_id, entry.position, entry.amount, entry.balance_after, entry.transaction_id, entry.currency,
        bounds.present - age(entry.xmin) AS written_by, bounds.last_xmax
    FROM bounds
    CROSS JOIN ledger_entries AS entry
    WHERE entry.ctid >= @from::text::tid AND entry.ctid < @upTo::text::tid
), fresh AS MATERIALIZED (
    SELECT numbered.account_id, numbered.position, numbered.amount, numbered.balance_after, numbered.transaction_id,
        numbered.currency
    FROM numbered
    WHERE numbered.written_by >= @lastXmin AND CASE
        WHEN numbered.written_by >= numbered.last_xmax THEN true
        ELSE NOT pg_visible_in_snapshot(numbered.written_by::text::xid8, @lastSnapshot::text::pg_snapshot)
    END
), walked AS MATERIALIZED (
    SELECT fresh.account_id, fresh.position, fresh.amount, fresh.balance_after, fresh.transaction_id,
        lag(fresh.position) OVER walk = fresh.position - 1 AS follows,
        lag(fresh.balance_after) OVER walk AS balance_before,
        lead(fresh.position) OVER walk IS NULL AS is_last
    FROM fresh
    WINDOW walk AS (PARTITION BY fresh.account_id ORDER BY fresh.position)
), unlinked AS (
    SELECT walked.account_id, walked.position, walked.transaction_id
    FROM walked
    -- No entry is looked up where the one before is among the new ones: a NULL is not searched for.
    LEFT JOIN ledger_entries AS before
        ON before.account_id = walked.account_id
            AND before.position = CASE WHEN walked.follows THEN NULL ELSE walked.position - 1 END
    WHERE walked.balance_after::numeric - walked.amount IS DISTINCT FROM CASE
        WHEN walked.follows THEN walked.balance_before
        WHEN walked.position = 1 THEN 0
        ELSE before.balance_after
    END
), unbalanced AS (
    SELECT fresh.transaction_id
    FROM fresh
    GROUP BY fresh.transaction_id, fresh.currency
    HAVING sum(fresh.amount) <> 0
)
SELECT NULL AS account_id, count(*) AS position, NULL AS transaction_id
FROM fresh
UNION ALL
SELECT unlinked.account_id, unlinked.position, unlinked.transaction_id
FROM unlinked
UNION ALL
SELECT fresh.account_id, fresh.position, fresh.transaction_id
FROM fresh
WHERE fresh.transaction_id IN (SELECT unbalanced.transaction_id FROM unbalanced)
UNION ALL
SELECT walked.account_id, walked.position, NULL
FROM walked
LEFT JOIN accounts AS account ON account.id = walked.account_id
-- Only behind an old entry that was written anew; the last of the new ones is an account's last otherwise.
LEFT JOIN ledger_entries AS last
    ON last.account_id = account.id
        AND last.position = CASE WHEN account.position = walked.position THEN NULL ELSE account.position END
WHERE walked.is_last
    AND (account.position < walked.position OR account.balance IS DISTINCT FROM CASE
        WHEN account.position = walked.position THEN walked.balance_after
        ELSE last.balance_after
    END)
LIMIT @limit
