-- The audit trail: who did what to which object, with what outcome, chained by hashes so that no change goes unseen.

CREATE TABLE audit_events (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    trace_id uuid,
    key_id uuid,
    actor text NOT NULL,
    action text NOT NULL,
    object_type text NOT NULL,
    object_id text NOT NULL,
    outcome text NOT NULL,
    account text COLLATE "C",
    other_account text COLLATE "C",
    currency text,
    details jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT audit_events_pkey PRIMARY KEY (id),
    CONSTRAINT audit_events_action_form CHECK (action ~ '^[a-z_]+(\.[a-z_]+)+$'),
    CONSTRAINT audit_events_outcome_known CHECK (outcome IN ('succeeded', 'refused', 'failed')),
    CONSTRAINT audit_events_details_object CHECK (jsonb_typeof(details) = 'object')
);

CREATE INDEX audit_events_account ON audit_events (account, id) WHERE account IS NOT NULL;
CREATE INDEX audit_events_other_account ON audit_events (other_account, id) WHERE other_account IS NOT NULL;
CREATE INDEX audit_events_object ON audit_events (object_type, object_id, id);

COMMENT ON TABLE audit_events IS
    'Written in the transaction of the action. The creation of a payment is not here: its own row records it.';
COMMENT ON COLUMN audit_events.actor IS 'Owner of the API key, or the command or service that acted without one.';
COMMENT ON COLUMN audit_events.action IS 'object.verb, such as refund.created or key.revoked.';
COMMENT ON COLUMN audit_events.account IS 'The account that it concerns, if any; other_account when it concerns two.';
COMMENT ON COLUMN audit_events.currency IS 'NULL with an account: it concerns the holder in every currency.';

-- Kept apart from the events, so that sealing inserts and never updates.
CREATE TABLE audit_chain (
    sequence bigint NOT NULL,
    event_id uuid NOT NULL,
    sealed_at timestamptz NOT NULL,
    event_hash bytea NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT audit_chain_pkey PRIMARY KEY (sequence),
    CONSTRAINT audit_chain_event_id_key UNIQUE (event_id),
    CONSTRAINT audit_chain_sequence_positive CHECK (sequence > 0),
    CONSTRAINT audit_chain_hashes_are_sha256 CHECK (octet_length(event_hash) = 32 AND octet_length(hash) = 32)
);

COMMENT ON COLUMN audit_chain.sequence IS '1, 2, 3, ... in the order of sealing, without gaps.';
COMMENT ON COLUMN audit_chain.event_hash IS 'SHA-256 of the event''s columns, each with its length.';
COMMENT ON COLUMN audit_chain.hash IS 'SHA-256 of the hash before, the sequence and event_hash.';

CREATE TABLE audit_unsealed (
    event_id uuid NOT NULL,
    CONSTRAINT audit_unsealed_pkey PRIMARY KEY (event_id)
);

COMMENT ON TABLE audit_unsealed IS
    'Events that wait for their place in the chain. An event that is neither here nor in the chain was tampered with.';

-- With the owner's rights: the services cannot write an event that is not also queued for sealing.
CREATE FUNCTION audit_events_await_sealing() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public
AS $$
BEGIN
    INSERT INTO audit_unsealed (event_id)
    SELECT id FROM inserted;
    RETURN NULL;
END
$$;

CREATE FUNCTION audit_is_immutable() RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION '% of % is not allowed: what happened, happened', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'audit_is_immutable';
END
$$;

CREATE TRIGGER audit_events_await_sealing AFTER INSERT ON audit_events
    REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT EXECUTE FUNCTION audit_events_await_sealing();

CREATE TRIGGER audit_events_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_immutable();

CREATE TRIGGER audit_chain_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_chain
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_immutable();

GRANT SELECT, INSERT ON audit_events, audit_chain TO payments_app;
GRANT SELECT, DELETE ON audit_unsealed TO payments_app;
