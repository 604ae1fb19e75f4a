-- Flows: money that comes in from outside, is converted, and goes out. Each has a row of its own beside its postings,
-- so that a row without its entries, or entries without their row, can be found.

CREATE TABLE deposits (
    id uuid NOT NULL,
    amount bigint NOT NULL,
    created_at timestamptz NOT NULL,
    completed_at timestamptz,
    completion bigint,
    owner_id integer,
    status text NOT NULL DEFAULT 'pending',
    currency text NOT NULL,
    account_name text COLLATE "C" NOT NULL,
    reference text COLLATE "C",
    description text,
    failure_reason text,
    traceparent text,
    CONSTRAINT deposits_pkey PRIMARY KEY (id),
    CONSTRAINT deposits_reference_key UNIQUE (reference),
    CONSTRAINT deposits_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES key_owners (id),
    CONSTRAINT deposits_amount_positive CHECK (amount > 0),
    CONSTRAINT deposits_in_usdc CHECK (currency = 'USDC'),
    CONSTRAINT deposits_status_known CHECK (status IN ('pending', 'completed', 'failed')),
    CONSTRAINT deposits_completed_when_over CHECK ((status = 'pending') = (completed_at IS NULL)),
    CONSTRAINT deposits_failure_reason_with_failure CHECK ((status = 'failed') = (failure_reason IS NOT NULL))
) WITH (fillfactor = 80);

CREATE TABLE conversion_jobs (
    id uuid NOT NULL,
    usdc_amount bigint NOT NULL,
    usd_amount bigint NOT NULL,
    created_at timestamptz NOT NULL,
    completed_at timestamptz,
    completion bigint,
    owner_id integer,
    status text NOT NULL DEFAULT 'pending',
    account_name text COLLATE "C" NOT NULL,
    reference text COLLATE "C",
    description text,
    failure_reason text,
    traceparent text,
    CONSTRAINT conversion_jobs_pkey PRIMARY KEY (id),
    CONSTRAINT conversion_jobs_reference_key UNIQUE (reference),
    CONSTRAINT conversion_jobs_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES key_owners (id),
    CONSTRAINT conversion_jobs_amounts_positive CHECK (usdc_amount > 0 AND usd_amount > 0),
    CONSTRAINT conversion_jobs_status_known CHECK (status IN ('pending', 'completed', 'failed')),
    CONSTRAINT conversion_jobs_completed_when_over CHECK ((status = 'pending') = (completed_at IS NULL)),
    CONSTRAINT conversion_jobs_failure_reason_with_failure CHECK ((status = 'failed') = (failure_reason IS NOT NULL))
) WITH (fillfactor = 80);

CREATE TABLE withdrawals (
    id uuid NOT NULL,
    closing_transaction_id uuid NOT NULL DEFAULT gen_random_uuid(),
    amount bigint NOT NULL,
    created_at timestamptz NOT NULL,
    completed_at timestamptz,
    completion bigint,
    owner_id integer,
    status text NOT NULL DEFAULT 'reserved',
    currency text NOT NULL,
    account_name text COLLATE "C" NOT NULL,
    reference text COLLATE "C",
    description text,
    failure_reason text,
    traceparent text,
    CONSTRAINT withdrawals_pkey PRIMARY KEY (id),
    CONSTRAINT withdrawals_closing_transaction_id_key UNIQUE (closing_transaction_id),
    CONSTRAINT withdrawals_reference_key UNIQUE (reference),
    CONSTRAINT withdrawals_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES key_owners (id),
    CONSTRAINT withdrawals_amount_positive CHECK (amount > 0),
    CONSTRAINT withdrawals_in_usd CHECK (currency = 'USD'),
    CONSTRAINT withdrawals_status_known CHECK (status IN ('reserved', 'completed', 'failed')),
    CONSTRAINT withdrawals_completed_when_over CHECK ((status = 'reserved') = (completed_at IS NULL)),
    CONSTRAINT withdrawals_failure_reason_with_failure CHECK ((status = 'failed') = (failure_reason IS NOT NULL))
) WITH (fillfactor = 80);

CREATE INDEX deposits_account ON deposits (account_name, id);
CREATE INDEX deposits_open ON deposits (id) WHERE status = 'pending';
CREATE INDEX deposits_in_order_of_completion ON deposits ((coalesce(completion, 0)), id) WHERE status = 'completed';
CREATE INDEX conversion_jobs_account ON conversion_jobs (account_name, id);
CREATE INDEX conversion_jobs_open ON conversion_jobs (id) WHERE status = 'pending';
CREATE INDEX conversion_jobs_in_order_of_completion ON conversion_jobs ((coalesce(completion, 0)), id)
    WHERE status = 'completed';
CREATE INDEX withdrawals_account ON withdrawals (account_name, id);
CREATE INDEX withdrawals_open ON withdrawals (id) WHERE status = 'reserved';
CREATE INDEX withdrawals_in_order_of_completion ON withdrawals ((coalesce(completion, 0)), id)
    WHERE status = 'completed';

COMMENT ON TABLE deposits IS
    'USDC that arrives: debit usdc_buffer, credit the account, in a ledger transaction of this id.';
COMMENT ON TABLE conversion_jobs IS
    'USDC that becomes USD buying power: four entries in two currencies, in one ledger transaction of this id.';
COMMENT ON TABLE withdrawals IS
    'USD that leaves: reserved by a ledger transaction of this id, closed by another when it is paid out or released.';
COMMENT ON COLUMN deposits.amount IS 'Minor units of the currency, as are the amounts of the other flows.';
COMMENT ON COLUMN deposits.completed_at IS
    'When it was completed or failed; of a completed one, the time of its entries.';
COMMENT ON COLUMN deposits.completion IS
    'Order of completion: position of its entry in usdc_buffer. Given under that account''s lock, so whoever has seen
    one number has seen all below it. NULL unless completed.';
COMMENT ON COLUMN deposits.owner_id IS 'Owner of the API key that recorded it; NULL when it came in another way.';
COMMENT ON COLUMN deposits.reference IS 'What the outside calls it, such as the hash of a transaction on the chain.';
COMMENT ON COLUMN deposits.traceparent IS 'W3C trace context of the request that recorded it.';
COMMENT ON COLUMN conversion_jobs.completion IS 'As of deposits, with which it shares the numbers.';
COMMENT ON COLUMN withdrawals.completion IS 'Order of completion: position of its entry in fiat_exposure.';
COMMENT ON COLUMN withdrawals.closing_transaction_id IS
    'Id that its second ledger transaction has or will have: of kind withdrawal when it is completed, of kind reversal,
    correcting the first, when it failed.';

-- A flow ends once. Whoever completes and whoever fails it wait for each other at its row, and the second is refused.
CREATE FUNCTION flow_ends_once() RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION '% of % is % already', OLD.id, TG_TABLE_NAME, OLD.status
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'flow_ends_once';
END
$$;

CREATE TRIGGER deposits_end_once BEFORE UPDATE ON deposits
    FOR EACH ROW WHEN (OLD.status <> 'pending' AND NEW.status <> OLD.status) EXECUTE FUNCTION flow_ends_once();
CREATE TRIGGER conversion_jobs_end_once BEFORE UPDATE ON conversion_jobs
    FOR EACH ROW WHEN (OLD.status <> 'pending' AND NEW.status <> OLD.status) EXECUTE FUNCTION flow_ends_once();
CREATE TRIGGER withdrawals_end_once BEFORE UPDATE ON withdrawals
    FOR EACH ROW WHEN (OLD.status <> 'reserved' AND NEW.status <> OLD.status) EXECUTE FUNCTION flow_ends_once();

-- What a flow is can be written once; only how it ends is written later, and nothing is taken away.
GRANT SELECT, INSERT ON deposits, conversion_jobs, withdrawals TO payments_app;
GRANT UPDATE (status, completed_at, completion, failure_reason) ON deposits, conversion_jobs, withdrawals
    TO payments_app;
