-- Entries in a range of blocks that the last pass did not see. A row that was updated is a new row, so it is among them
-- however old the entry is.
--
-- Transaction numbers in rows have 32 bits; those of snapshots have the epoch before them. The age of both is counted
-- from the same number, so the one tells the other, whatever the epoch. The last snapshot is asked only about numbers
-- within its bounds: that costs more than all else here.
WITH bounds AS MATERIALIZED (
    SELECT @xmax + age((@xmax & 4294967295)::text::xid) AS present,
        pg_snapshot_xmax(@lastSnapshot::text::pg_snapshot)::text::bigint AS last_xmax
)
SELECT entry.account_id, entry.position, entry.amount, entry.balance_after, entry.transaction_id, entry.currency
FROM bounds
CROSS JOIN ledger_entries AS entry
WHERE entry.ctid >= @from::text::tid AND entry.ctid < @upTo::text::tid
    AND bounds.present - age(entry.xmin) >= @lastXmin
    AND CASE
        WHEN bounds.present - age(entry.xmin) >= bounds.last_xmax THEN true
        ELSE NOT pg_visible_in_snapshot(
            (bounds.present - age(entry.xmin))::text::xid8, @lastSnapshot::text::pg_snapshot)
    END
