-- Webhooks: whom to tell, what to tell them, and the log of every attempt. An event and its deliveries are written in
-- the transaction that they tell of; each delivery is a duty.

CREATE TABLE webhook_targets (
    id uuid NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    disabled_at timestamptz,
    deleted_at timestamptz,
    resting_until timestamptz,
    last_success_at timestamptz,
    last_failure_at timestamptz,
    enabled boolean NOT NULL DEFAULT true,
    url text NOT NULL,
    description text,
    event_types text[] NOT NULL DEFAULT '{}',
    origin text NOT NULL DEFAULT 'api',
    created_by text NOT NULL,
    disabled_reason text,
    CONSTRAINT webhook_targets_pkey PRIMARY KEY (id),
    CONSTRAINT webhook_targets_url_form CHECK (url ~ '^https?://' AND length(url) <= 2000),
    CONSTRAINT webhook_targets_origin_known CHECK (origin IN ('api', 'configuration')),
    CONSTRAINT webhook_targets_disabled_when_not_enabled CHECK (enabled = (disabled_at IS NULL)),
    CONSTRAINT webhook_targets_reason_when_disabled CHECK (enabled = (disabled_reason IS NULL)),
    CONSTRAINT webhook_targets_deleted_not_enabled CHECK (NOT enabled OR deleted_at IS NULL)
);

-- One target comes from the configuration, however many workers start with it.
CREATE UNIQUE INDEX webhook_targets_one_of_configuration ON webhook_targets (origin)
    WHERE origin = 'configuration' AND deleted_at IS NULL;
CREATE INDEX webhook_targets_latest ON webhook_targets (number) WHERE deleted_at IS NULL;

COMMENT ON COLUMN webhook_targets.event_types IS 'Types that it is told of; empty: all.';
COMMENT ON COLUMN webhook_targets.resting_until IS
    'It asked for a pause, or seems to be overloaded: until then nothing is sent to it.';
COMMENT ON COLUMN webhook_targets.deleted_at IS 'Its row stays for the deliveries that were made to it.';

CREATE TABLE webhook_secrets (
    id uuid NOT NULL,
    target_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    key_id text,
    secret bytea,
    CONSTRAINT webhook_secrets_pkey PRIMARY KEY (id),
    CONSTRAINT webhook_secrets_target_id_fkey FOREIGN KEY (target_id) REFERENCES webhook_targets (id),
    CONSTRAINT webhook_secrets_forgotten_when_expired CHECK (secret IS NOT NULL OR expires_at IS NOT NULL)
);

CREATE INDEX webhook_secrets_target ON webhook_secrets (target_id);

COMMENT ON COLUMN webhook_secrets.expires_at IS 'End of the overlap after a rotation; until then it signs too.';
COMMENT ON COLUMN webhook_secrets.key_id IS
    'Which encryption key it is sealed with (AES-256-GCM: nonce, tag, ciphertext); NULL: none was configured.';
COMMENT ON COLUMN webhook_secrets.secret IS 'NULL once it has expired and is forgotten.';

CREATE TABLE webhook_events (
    id text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    exception_id uuid,
    type text NOT NULL,
    payload text NOT NULL,
    CONSTRAINT webhook_events_pkey PRIMARY KEY (id),
    CONSTRAINT webhook_events_id_form CHECK (id ~ '^msg_[0-9a-f]{32}$'),
    CONSTRAINT webhook_events_type_form CHECK (type ~ '^[a-z_]+(\.[a-z_]+)+$'),
    CONSTRAINT webhook_events_payload_small CHECK (octet_length(payload) <= 20000)
);

CREATE INDEX webhook_events_exception ON webhook_events (exception_id) WHERE exception_id IS NOT NULL;

COMMENT ON COLUMN webhook_events.payload IS 'The body, byte for byte as it is signed and sent.';

CREATE TABLE webhook_deliveries (
    id uuid NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY,
    created_at timestamptz NOT NULL,
    round_started_at timestamptz NOT NULL,
    next_attempt_at timestamptz,
    finished_at timestamptz,
    target_id uuid NOT NULL,
    round integer NOT NULL DEFAULT 1,
    attempts integer NOT NULL DEFAULT 0,
    round_attempts integer NOT NULL DEFAULT 0,
    last_status_code integer,
    event_id text COLLATE "C" NOT NULL,
    status text NOT NULL DEFAULT 'pending',
    last_error text,
    CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (id),
    CONSTRAINT webhook_deliveries_one_of_an_event UNIQUE (event_id, target_id),
    CONSTRAINT webhook_deliveries_event_id_fkey FOREIGN KEY (event_id) REFERENCES webhook_events (id),
    CONSTRAINT webhook_deliveries_target_id_fkey FOREIGN KEY (target_id) REFERENCES webhook_targets (id),
    CONSTRAINT webhook_deliveries_status_known CHECK (status IN ('pending', 'delivered', 'failed', 'cancelled')),
    CONSTRAINT webhook_deliveries_finished_when_over CHECK ((status = 'pending') = (finished_at IS NULL)),
    CONSTRAINT webhook_deliveries_attempts_of_round CHECK (round_attempts BETWEEN 0 AND attempts)
);

CREATE INDEX webhook_deliveries_latest ON webhook_deliveries (number);
CREATE INDEX webhook_deliveries_of_target ON webhook_deliveries (target_id, status, number);
CREATE INDEX webhook_deliveries_undelivered ON webhook_deliveries (number) WHERE status IN ('failed', 'cancelled');

COMMENT ON COLUMN webhook_deliveries.round IS
    '1, and one more with each replay: a round has the whole schedule of retries, and a duty of its own.';
COMMENT ON COLUMN webhook_deliveries.status IS
    'failed: the schedule is at its end, or the target is gone (410); cancelled: the target was disabled or deleted.';

CREATE TABLE webhook_attempts (
    delivery_id uuid NOT NULL,
    number integer NOT NULL,
    started_at timestamptz NOT NULL,
    milliseconds integer NOT NULL,
    status_code integer,
    answer text,
    error text,
    CONSTRAINT webhook_attempts_pkey PRIMARY KEY (delivery_id, number),
    CONSTRAINT webhook_attempts_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES webhook_deliveries (id)
);

COMMENT ON COLUMN webhook_attempts.answer IS 'The beginning of the answer''s body.';

GRANT SELECT, INSERT ON webhook_targets, webhook_secrets, webhook_events, webhook_deliveries, webhook_attempts
    TO payments_app;
GRANT UPDATE (updated_at, disabled_at, deleted_at, resting_until, last_success_at, last_failure_at, enabled, url,
    description, event_types, disabled_reason) ON webhook_targets TO payments_app;
GRANT UPDATE (expires_at, secret) ON webhook_secrets TO payments_app;
GRANT UPDATE (round_started_at, next_attempt_at, finished_at, round, attempts, round_attempts, last_status_code, status,
    last_error) ON webhook_deliveries TO payments_app;
