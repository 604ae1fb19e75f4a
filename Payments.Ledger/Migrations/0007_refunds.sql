-- Refunds: what is given back of a payment, in part or in whole. The amount is reserved on the payment when the refund
-- is recorded, so refunds that are queued together cannot give back more than was paid.

CREATE TABLE refunds (
    id uuid NOT NULL,
    payment_id uuid NOT NULL,
    amount bigint NOT NULL,
    created_at timestamptz NOT NULL,
    settled_at timestamptz,
    owner_id integer NOT NULL,
    trace_id uuid,
    fingerprint bytea NOT NULL,
    route text COLLATE "C" NOT NULL,
    status text NOT NULL DEFAULT 'pending',
    currency text NOT NULL,
    account text COLLATE "C" NOT NULL,
    idempotency_key text COLLATE "C" NOT NULL,
    reason text,
    failure_reason text,
    CONSTRAINT refunds_pkey PRIMARY KEY (id),
    CONSTRAINT refunds_idempotency_key UNIQUE (owner_id, idempotency_key, route),
    CONSTRAINT refunds_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES payments (id),
    CONSTRAINT refunds_amount_positive CHECK (amount > 0),
    CONSTRAINT refunds_status_known CHECK (status IN ('pending', 'succeeded', 'failed')),
    CONSTRAINT refunds_reason_known CHECK (reason IN ('duplicate', 'fraudulent', 'requested_by_customer')),
    CONSTRAINT refunds_settled_when_decided CHECK ((status = 'pending') = (settled_at IS NULL)),
    CONSTRAINT refunds_failure_reason_with_failure CHECK ((status = 'failed') = (failure_reason IS NOT NULL))
) WITH (fillfactor = 80);

CREATE INDEX refunds_payment ON refunds (payment_id, id);

-- What is reserved out of an account: few rows at a time, whatever was refunded before.
CREATE INDEX refunds_open ON refunds (account, currency) WHERE status = 'pending';

COMMENT ON COLUMN refunds.id IS
    'Also the id of its job and of its ledger transaction, so that one settlement per refund is a primary key.';
COMMENT ON COLUMN refunds.amount IS 'Minor units of the payment''s currency.';
COMMENT ON COLUMN refunds.account IS 'The account that gives back: the one that the payment was paid into.';
COMMENT ON COLUMN refunds.route IS 'The route that recorded it: each has idempotency keys of its own.';
COMMENT ON COLUMN refunds.fingerprint IS
    'SHA-256 of the canonical request: the same idempotency key with another fingerprint is refused.';

COMMENT ON COLUMN payments.refunded_amount IS
    'Minor units given back, or reserved by refunds that are not settled yet; a refund that fails takes its part off.';

-- Nothing is given back of what was never paid.
ALTER TABLE payments ADD CONSTRAINT payments_refunded_when_completed CHECK
    (refunded_amount = 0 OR status IN ('completed', 'completed_with_discrepancy'));

GRANT SELECT, INSERT ON refunds TO payments_app;
GRANT UPDATE (status, settled_at, failure_reason) ON refunds TO payments_app;
