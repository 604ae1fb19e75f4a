-- Debits and credits of a window of entries, as they were at a moment that has passed (BookMoment): each entry counts
-- that was written by a transaction which was seen then.
--
-- Transaction numbers in rows have 32 bits; those of snapshots have the epoch before them. The age of both is counted
-- from the same number, so the one tells the other; what seems to be of the future is more than two billion transactions
-- old. The snapshot is asked only about numbers within its bounds: that costs more than all else here.
WITH clock AS MATERIALIZED (
    SELECT @xmax + age((@xmax & 4294967295)::text::xid) AS present
), numbered AS (
    SELECT entry.currency, entry.amount, clock.present, clock.present - age(entry.xmin) AS written_by
    FROM clock
    CROSS JOIN ledger_entries AS entry
    WHERE (entry.account_id, entry.position) > (@account, @position)
        AND (entry.account_id, entry.position) <= (@lastAccount, @lastPosition)
)
SELECT numbered.currency,
    coalesce(-sum(numbered.amount) FILTER (WHERE numbered.amount < 0), 0) AS debits,
    coalesce(sum(numbered.amount) FILTER (WHERE numbered.amount > 0), 0) AS credits,
    count(*) AS entries
FROM numbered
WHERE CASE
    WHEN numbered.written_by < @xmin OR numbered.written_by > numbered.present THEN true
    WHEN numbered.written_by < @xmax THEN
        pg_visible_in_snapshot(numbered.written_by::text::xid8, @snapshot::text::pg_snapshot)
            OR numbered.written_by = @own
    ELSE numbered.written_by = @own
END
GROUP BY numbered.currency
