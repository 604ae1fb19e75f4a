-- Cancelled payments are few, and found among any number of others without a walk over those. The index goes by a
-- column that only the cancellation writes: by the status, which every settlement changes, it would keep the settlement
-- from being a HOT update, be it in its predicate alone.

ALTER TABLE payments ADD COLUMN cancelled_at timestamptz;

-- The audit trail has the time of each; a payment without an event stands with the earliest time that it can have been.
UPDATE payments
SET cancelled_at = coalesce(
    (
        SELECT max(e.created_at)
        FROM audit_events AS e
        WHERE e.object_type = 'payment' AND e.object_id = payments.id::text AND e.action = 'payment.cancelled'
    ),
    payments.created_at)
WHERE status = 'cancelled';

ALTER TABLE payments
    ADD CONSTRAINT payments_cancelled_at_with_its_status CHECK ((status = 'cancelled') = (cancelled_at IS NOT NULL));

CREATE INDEX payments_cancelled ON payments (id) WHERE cancelled_at IS NOT NULL;

COMMENT ON COLUMN payments.cancelled_at IS 'When it was taken from the queue; nothing else writes this column.';

GRANT UPDATE (cancelled_at) ON payments TO payments_app;

-- Without statistics of the new column every payment counts as cancelled, and the primary key would be walked.
ANALYZE payments (cancelled_at);
