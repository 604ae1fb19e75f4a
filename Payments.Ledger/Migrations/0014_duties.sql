-- Work that must be done once and survive a crash, apart from settling payments: written in the transaction that needs
-- it, done under a lease by any worker.

CREATE TABLE duties (
    id uuid NOT NULL,
    lease bigint NOT NULL DEFAULT 0,
    available_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    locked_at timestamptz,
    finished_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    failures integer NOT NULL DEFAULT 0,
    kind text NOT NULL,
    status text NOT NULL DEFAULT 'pending',
    name text COLLATE "C",
    locked_by text,
    traceparent text,
    last_error text,
    arguments jsonb NOT NULL,
    checkpoint jsonb,
    CONSTRAINT duties_pkey PRIMARY KEY (id),
    CONSTRAINT duties_name_key UNIQUE (name),
    CONSTRAINT duties_kind_form CHECK (kind ~ '^[a-z_]+(\.[a-z_]+)*$'),
    CONSTRAINT duties_status_known CHECK (status IN ('pending', 'processing', 'completed', 'dead')),
    CONSTRAINT duties_finished_when_over CHECK ((status IN ('completed', 'dead')) = (finished_at IS NOT NULL)),
    CONSTRAINT duties_arguments_object CHECK (jsonb_typeof(arguments) = 'object')
) WITH (fillfactor = 70);

-- Open duties alone: finished ones are kept, but out of what a claim looks at.
CREATE INDEX duties_open ON duties (kind, available_at, id) WHERE finished_at IS NULL;

COMMENT ON COLUMN duties.lease IS
    'Number of the last claim, from the same sequence as the jobs'' leases. Every write of its holder repeats it.';
COMMENT ON COLUMN duties.available_at IS
    'The next moment anyone may take it: while claimed, the end of the lease; otherwise when it is due.';
COMMENT ON COLUMN duties.attempts IS 'How often it was claimed.';
COMMENT ON COLUMN duties.failures IS 'How often it failed, or its worker disappeared with it.';
COMMENT ON COLUMN duties.name IS 'Of what must exist once, such as the run of one hour: a second one is not added.';
COMMENT ON COLUMN duties.checkpoint IS 'How far its last holder came; the next one goes on from there.';
COMMENT ON COLUMN duties.traceparent IS 'W3C trace context of the request that asked for it, if it was sampled.';

GRANT SELECT, INSERT ON duties TO payments_app;
GRANT UPDATE (lease, available_at, locked_at, finished_at, attempts, failures, status, locked_by, last_error,
    checkpoint) ON duties TO payments_app;
