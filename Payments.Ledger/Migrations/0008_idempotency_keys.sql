-- Idempotency keys of requests that leave no row of their own to carry them. Keys of payments, transfers and refunds
-- stand on those rows and never expire; these are kept for a day at least.

CREATE TABLE idempotency_keys (
    owner_id integer NOT NULL,
    created_at timestamptz NOT NULL,
    status smallint,
    route text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    fingerprint bytea NOT NULL,
    location text,
    body bytea,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (owner_id, route, key),
    CONSTRAINT idempotency_keys_answered_whole CHECK ((status IS NULL) = (body IS NULL)),
    CONSTRAINT idempotency_keys_status_known CHECK (status BETWEEN 200 AND 499)
) WITH (fillfactor = 50);

CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

COMMENT ON TABLE idempotency_keys IS
    'A row is inserted, filled with the answer and committed in the transaction of its request''s effect.';
COMMENT ON COLUMN idempotency_keys.route IS 'Method and route template, such as POST /payments/{id}/cancel.';
COMMENT ON COLUMN idempotency_keys.fingerprint IS
    'SHA-256 of method, path and canonical body: the same key with another fingerprint is refused.';
COMMENT ON COLUMN idempotency_keys.body IS 'The answer as it was sent, byte for byte.';

GRANT SELECT, INSERT, DELETE ON idempotency_keys TO payments_app;
GRANT UPDATE (status, location, body) ON idempotency_keys TO payments_app;
