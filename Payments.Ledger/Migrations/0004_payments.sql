-- Payments: what a client asked for, and what became of it.

CREATE TABLE payments (
    id uuid NOT NULL,
    amount bigint NOT NULL,
    refunded_amount bigint NOT NULL DEFAULT 0,
    discrepancy bigint,
    created_at timestamptz NOT NULL,
    settled_at timestamptz,
    owner_id integer NOT NULL,
    trace_id uuid,
    fingerprint bytea NOT NULL,
    kind text COLLATE "C" NOT NULL,
    status text NOT NULL DEFAULT 'pending',
    currency text NOT NULL,
    payee_account text COLLATE "C" NOT NULL,
    payer_account text COLLATE "C",
    idempotency_key text COLLATE "C" NOT NULL,
    failure_reason text,
    description text,
    CONSTRAINT payments_pkey PRIMARY KEY (id),
    CONSTRAINT payments_idempotency_key UNIQUE (owner_id, idempotency_key, kind),
    CONSTRAINT payments_kind_known CHECK (kind IN ('payment', 'transfer')),
    CONSTRAINT payments_transfer_names_its_payer CHECK ((kind = 'transfer') = (payer_account IS NOT NULL)),
    CONSTRAINT payments_status_known CHECK (status IN
        ('pending', 'completed', 'completed_with_discrepancy', 'failed', 'cancelled')),
    CONSTRAINT payments_settled_when_decided CHECK ((status IN ('pending', 'cancelled')) = (settled_at IS NULL)),
    CONSTRAINT payments_discrepancy_with_its_status CHECK
        ((status = 'completed_with_discrepancy') = (discrepancy IS NOT NULL)),
    CONSTRAINT payments_reason_with_failure CHECK ((status = 'failed') = (failure_reason IS NOT NULL)),
    CONSTRAINT payments_refunded_within_amount CHECK (refunded_amount BETWEEN 0 AND greatest(amount, 0))
) WITH (fillfactor = 45);

-- The free half of each page is for the one update a payment sees: its settlement, as a HOT update.
-- For the same reason no index contains the status. A list by status walks the primary key, the open jobs or
-- reconciliation_results instead.

CREATE INDEX payments_payee ON payments (payee_account, id);
CREATE INDEX payments_payer ON payments (payer_account, id) WHERE payer_account IS NOT NULL;

COMMENT ON COLUMN payments.kind IS
    'payment: from the clearing account of its currency, created by POST /payments. transfer: between two named accounts.';
COMMENT ON COLUMN payments.amount IS 'Minor units of the currency; may be zero or negative, which settlement fails.';
COMMENT ON COLUMN payments.trace_id IS 'The 16 bytes of the W3C trace id of the request that created the payment.';
COMMENT ON COLUMN payments.fingerprint IS
    'SHA-256 of the canonical request: the same idempotency key with another fingerprint is refused.';

GRANT SELECT, INSERT ON payments TO payments_app;
GRANT UPDATE (status, discrepancy, failure_reason, settled_at, refunded_amount) ON payments TO payments_app;
