-- Operating the queue: pausing it, redriving dead letters, and clearing away what is finished.

CREATE TABLE queue_control (
    id boolean NOT NULL DEFAULT true,
    paused_at timestamptz,
    paused_by text,
    pause_reason text,
    CONSTRAINT queue_control_pkey PRIMARY KEY (id),
    CONSTRAINT queue_control_one_row CHECK (id),
    CONSTRAINT queue_control_names_who_paused CHECK ((paused_at IS NULL) = (paused_by IS NULL))
);

INSERT INTO queue_control DEFAULT VALUES;

COMMENT ON TABLE queue_control IS
    'One row. While paused_at is set no worker claims anything; each looks every second and when it is notified.';

ALTER TABLE workers
    ADD COLUMN pause_asked_at timestamptz,
    ADD COLUMN pause_asked_by text,
    ADD COLUMN paused_since timestamptz,
    ADD COLUMN settled_last_minute bigint NOT NULL DEFAULT 0;

COMMENT ON COLUMN workers.pause_asked_at IS 'Set by an operator who pauses this process alone; NULL again to resume it.';
COMMENT ON COLUMN workers.paused_since IS
    'Written by the worker itself: it has heard of the pause, has finished what it held and claims nothing.';

CREATE TABLE redrives (
    id bigint GENERATED ALWAYS AS IDENTITY,
    job_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    redriven_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    buried_at timestamptz NOT NULL,
    owner_id integer NOT NULL,
    attempts integer NOT NULL,
    failures smallint NOT NULL,
    last_error text,
    CONSTRAINT redrives_pkey PRIMARY KEY (id),
    CONSTRAINT redrives_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES key_owners (id)
);

CREATE INDEX redrives_job ON redrives (job_id, id);

COMMENT ON TABLE redrives IS
    'Every dead letter that was put back into the queue, with what it had died of; the job itself forgets that.';
COMMENT ON COLUMN redrives.owner_id IS 'Owner of the API key that asked for it.';

-- Finished jobs may be deleted, and nothing else of the queue: the services have no right to delete from the table,
-- but may call this. It walks a part of the primary key, whose order is that of creation: a job finished before the
-- limit was created before it, so no index on the time of finishing is needed, which every settlement would write.
CREATE FUNCTION remove_finished_jobs(
    after uuid, until uuid, age interval, most integer, OUT reached uuid, OUT removed bigint)
    LANGUAGE sql SECURITY DEFINER
    SET search_path = public, pg_temp
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
    WITH old AS MATERIALIZED (
        SELECT j.id
        FROM recon_jobs AS j
        WHERE j.id > after AND j.id < until
        ORDER BY j.id
        LIMIT most
    ), cleared AS (
        DELETE FROM recon_jobs AS j
        WHERE j.id = ANY (ARRAY (SELECT o.id FROM old AS o))
            AND j.status IN ('completed', 'cancelled')
            AND j.finished_at < clock_timestamp() - age
        RETURNING j.id
    )
    SELECT (SELECT o.id FROM old AS o ORDER BY o.id DESC LIMIT 1), (SELECT count(*) FROM cleared)
$$;

COMMENT ON FUNCTION remove_finished_jobs IS
    'Deletes finished jobs with ids between after and until that finished longer than age ago, looking at most rows.
    reached: where to go on; NULL when there is nothing behind after. Dead letters and open jobs stay.';

REVOKE ALL ON FUNCTION remove_finished_jobs FROM PUBLIC;
GRANT EXECUTE ON FUNCTION remove_finished_jobs TO payments_app;

GRANT SELECT ON queue_control, redrives TO payments_app;
GRANT UPDATE (paused_at, paused_by, pause_reason) ON queue_control TO payments_app;
GRANT UPDATE (pause_asked_at, pause_asked_by, paused_since, settled_last_minute) ON workers TO payments_app;
GRANT INSERT ON redrives TO payments_app;
