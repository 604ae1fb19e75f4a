-- Runs of reconciliation: what the schedule remembers, signals for live screens, and the clearing of finished duties.

CREATE TABLE reconciliation_schedule (
    slot timestamptz NOT NULL,
    run_type text NOT NULL,
    CONSTRAINT reconciliation_schedule_pkey PRIMARY KEY (run_type),
    CONSTRAINT reconciliation_schedule_run_type_known CHECK (run_type IN ('hourly', 'daily'))
);

COMMENT ON TABLE reconciliation_schedule IS
    'The last slot of each kind that was given out, so that each is run once however many workers there are. A slot that
    begins before the first worker ever did is not run.';

GRANT SELECT, INSERT ON reconciliation_schedule TO payments_app;
GRANT UPDATE (slot) ON reconciliation_schedule TO payments_app;

CREATE INDEX reconciliation_sightings_of_report ON reconciliation_sightings (report_id, exception_id);

-- Whoever writes runs, checks or exceptions, the screens that show them hear of it with the commit.
CREATE FUNCTION say_reconciliation_changed() RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM pg_notify('reconciliation_changed', '');
    RETURN NULL;
END
$$;

CREATE TRIGGER reconciliation_reports_changed AFTER INSERT OR UPDATE ON reconciliation_reports
    FOR EACH ROW EXECUTE FUNCTION say_reconciliation_changed();
CREATE TRIGGER reconciliation_checks_changed AFTER INSERT OR UPDATE ON reconciliation_checks
    FOR EACH ROW EXECUTE FUNCTION say_reconciliation_changed();
CREATE TRIGGER reconciliation_exceptions_changed AFTER INSERT OR UPDATE ON reconciliation_exceptions
    FOR EACH ROW EXECUTE FUNCTION say_reconciliation_changed();

-- A name keeps what must exist once from being done again: duties that have one are kept for ever.
CREATE INDEX duties_to_clear ON duties (finished_at) WHERE status = 'completed' AND name IS NULL;

CREATE FUNCTION remove_finished_duties(age interval, most integer) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER
    SET search_path = public, pg_temp
AS $$
    WITH cleared AS (
        DELETE FROM duties AS d
        WHERE d.id = ANY (ARRAY (
            SELECT old.id
            FROM duties AS old
            WHERE old.status = 'completed' AND old.name IS NULL AND old.finished_at < clock_timestamp() - age
            ORDER BY old.finished_at
            LIMIT most
            FOR UPDATE SKIP LOCKED
        ))
        RETURNING d.id
    )
    SELECT count(*)
    FROM cleared
$$;

COMMENT ON FUNCTION remove_finished_duties IS
    'Deletes at most so many duties without a name that were completed longer than age ago; returns how many.';

REVOKE ALL ON FUNCTION remove_finished_duties FROM PUBLIC;
GRANT EXECUTE ON FUNCTION remove_finished_duties TO payments_app;
