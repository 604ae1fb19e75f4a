-- The queue: one job per payment, written in the transaction that records the payment.

CREATE SEQUENCE recon_leases;

COMMENT ON SEQUENCE recon_leases IS
    'The fence: every claim takes the next number, so a lease number is never given twice and only grows.';

CREATE TABLE recon_jobs (
    id uuid NOT NULL,
    payment_id uuid NOT NULL,
    sequence bigint GENERATED ALWAYS AS IDENTITY,
    amount bigint NOT NULL,
    lease bigint NOT NULL DEFAULT 0,
    available_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    locked_at timestamptz,
    finished_at timestamptz,
    buried_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    failures smallint NOT NULL DEFAULT 0,
    division smallint NOT NULL,
    suspect boolean NOT NULL DEFAULT false,
    runs_alone boolean NOT NULL DEFAULT false,
    kind text NOT NULL DEFAULT 'payment',
    status text NOT NULL DEFAULT 'pending',
    currency text NOT NULL,
    payee_account text NOT NULL,
    payer_account text,
    locked_by text,
    traceparent text,
    last_error text,
    CONSTRAINT recon_jobs_pkey PRIMARY KEY (id),
    CONSTRAINT recon_jobs_kind_known CHECK (kind IN ('payment', 'transfer', 'refund')),
    CONSTRAINT recon_jobs_status_known CHECK (status IN ('pending', 'processing', 'completed', 'dead', 'cancelled')),
    CONSTRAINT recon_jobs_finished_when_over CHECK
        ((status IN ('completed', 'dead', 'cancelled')) = (finished_at IS NOT NULL)),
    CONSTRAINT recon_jobs_buried_when_dead CHECK ((status = 'dead') = (buried_at IS NOT NULL)),
    CONSTRAINT recon_jobs_division_known CHECK (division BETWEEN 0 AND 63)
) WITH (fillfactor = 45, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);

-- The only index that a claim looks at. It holds open jobs alone, and none of its columns changes while a job is
-- open, so a claim is a HOT update; finished jobs are kept, but out of it.
CREATE INDEX recon_jobs_open ON recon_jobs (division, sequence) WHERE finished_at IS NULL;

-- The dead letters. Not by status, which every claim changes: a claim would then have to write all indexes.
CREATE INDEX recon_jobs_dead ON recon_jobs (id) WHERE buried_at IS NOT NULL;

COMMENT ON COLUMN recon_jobs.id IS 'The id of what is settled: the payment''s own, or the refund''s.';
COMMENT ON COLUMN recon_jobs.sequence IS 'Queue order: oldest first within a division.';
COMMENT ON COLUMN recon_jobs.division IS
    'Hash of the account that is paid into: jobs of one account are never spread over two divisions.';
COMMENT ON COLUMN recon_jobs.lease IS 'Number of the last claim. Every write of its holder repeats it.';
COMMENT ON COLUMN recon_jobs.available_at IS
    'The next moment anyone may take the job: while claimed, the end of the lease; after a failure, the end of the wait.';
COMMENT ON COLUMN recon_jobs.attempts IS 'How often the job was claimed.';
COMMENT ON COLUMN recon_jobs.failures IS 'How often it failed, or its worker died, while it ran alone.';
COMMENT ON COLUMN recon_jobs.suspect IS 'Its worker disappeared while it held the job: it runs alone once, to find out whether it was the cause.';
COMMENT ON COLUMN recon_jobs.runs_alone IS 'Set just before a suspect runs by itself; a worker that disappears then counts as a failure.';
COMMENT ON COLUMN recon_jobs.traceparent IS 'W3C trace context of a sampled request; NULL when it was not sampled.';

CREATE TABLE workers (
    id text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT workers_pkey PRIMARY KEY (id)
) WITH (fillfactor = 50);

COMMENT ON TABLE workers IS
    'Heartbeats. They decide only which divisions a worker prefers; leases decide who may settle.';

GRANT USAGE ON SEQUENCE recon_leases TO payments_app;
GRANT SELECT, INSERT ON recon_jobs TO payments_app;
GRANT UPDATE (lease, available_at, locked_at, finished_at, buried_at, attempts, failures, suspect, runs_alone, status,
    locked_by, last_error) ON recon_jobs TO payments_app;
GRANT SELECT, INSERT, DELETE ON workers TO payments_app;
GRANT UPDATE (seen_at) ON workers TO payments_app;
