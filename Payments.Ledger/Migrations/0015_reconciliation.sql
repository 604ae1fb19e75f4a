-- Reconciliation: runs with their checks, and one exception for each break, however often it is seen.

CREATE TABLE reconciliation_reports (
    id uuid NOT NULL,
    slot timestamptz,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    completed_at timestamptz,
    milliseconds bigint,
    total_checks integer NOT NULL DEFAULT 0,
    passed_checks integer NOT NULL DEFAULT 0,
    failed_checks integer NOT NULL DEFAULT 0,
    inconclusive_checks integer NOT NULL DEFAULT 0,
    exceptions_count integer NOT NULL DEFAULT 0,
    run_type text NOT NULL,
    status text NOT NULL DEFAULT 'pending',
    requested_by text NOT NULL,
    error_message text,
    CONSTRAINT reconciliation_reports_pkey PRIMARY KEY (id),
    CONSTRAINT reconciliation_reports_slot_key UNIQUE (run_type, slot),
    CONSTRAINT reconciliation_reports_run_type_known CHECK (run_type IN ('hourly', 'daily', 'manual')),
    CONSTRAINT reconciliation_reports_status_known CHECK
        (status IN ('pending', 'in_progress', 'completed', 'failed')),
    CONSTRAINT reconciliation_reports_completed_when_over CHECK
        ((status IN ('completed', 'failed')) = (completed_at IS NOT NULL)),
    CONSTRAINT reconciliation_reports_slot_of_scheduled CHECK ((run_type = 'manual') = (slot IS NULL))
);

CREATE INDEX reconciliation_reports_latest ON reconciliation_reports (run_type, id);

COMMENT ON COLUMN reconciliation_reports.slot IS 'The hour, or the day''s moment, that a scheduled run is of.';
COMMENT ON COLUMN reconciliation_reports.exceptions_count IS 'Breaks that this run saw, new or known.';
COMMENT ON COLUMN reconciliation_reports.requested_by IS 'Owner of the API key, or the schedule.';

CREATE TABLE reconciliation_checks (
    id uuid NOT NULL,
    report_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    completed_at timestamptz,
    milliseconds bigint,
    expected numeric,
    actual numeric,
    difference numeric,
    items_checked bigint NOT NULL DEFAULT 0,
    items_found bigint NOT NULL DEFAULT 0,
    check_type text NOT NULL,
    currency text,
    passed boolean,
    status text NOT NULL DEFAULT 'pending',
    reason text,
    totals jsonb NOT NULL DEFAULT '[]',
    CONSTRAINT reconciliation_checks_pkey PRIMARY KEY (id),
    CONSTRAINT reconciliation_checks_one_of_a_type UNIQUE (report_id, check_type),
    CONSTRAINT reconciliation_checks_report_id_fkey FOREIGN KEY (report_id) REFERENCES reconciliation_reports (id),
    CONSTRAINT reconciliation_checks_type_known CHECK (check_type IN ('ledger_consistency', 'circle_balance',
        'alpaca_balance', 'deposits', 'conversion_jobs', 'withdrawals', 'account_balance')),
    CONSTRAINT reconciliation_checks_status_known CHECK (status IN ('pending', 'passed', 'failed', 'inconclusive')),
    CONSTRAINT reconciliation_checks_passed_as_status CHECK
        (passed IS NOT DISTINCT FROM CASE status WHEN 'passed' THEN true WHEN 'failed' THEN false END)
);

CREATE INDEX reconciliation_checks_history ON reconciliation_checks (check_type, id);

COMMENT ON COLUMN reconciliation_checks.passed IS 'NULL: not yet run, or inconclusive.';
COMMENT ON COLUMN reconciliation_checks.expected IS
    'With actual and difference (actual - expected) in minor units of currency: the currency that differs most, of
    several.';
COMMENT ON COLUMN reconciliation_checks.totals IS
    'For each currency: {"currency", "expected", "actual", "difference"}, minor units as text.';
COMMENT ON COLUMN reconciliation_checks.reason IS 'Why it was inconclusive, or in a sentence what it found.';
COMMENT ON COLUMN reconciliation_checks.items_found IS 'Breaks found, of which each is an exception.';

CREATE TABLE reconciliation_exceptions (
    id uuid NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY,
    created_at timestamptz NOT NULL,
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    acknowledged_at timestamptz,
    resolved_at timestamptz,
    gone_at timestamptz,
    updated_at timestamptz NOT NULL,
    account_id bigint,
    position bigint,
    expected numeric,
    actual numeric,
    difference numeric,
    resolved_difference numeric,
    first_report_id uuid,
    last_report_id uuid,
    payment_id uuid,
    transaction_id uuid,
    flow_id uuid,
    sightings integer NOT NULL DEFAULT 1,
    reopened integer NOT NULL DEFAULT 0,
    version integer NOT NULL DEFAULT 1,
    present boolean NOT NULL GENERATED ALWAYS AS (gone_at IS NULL) STORED,
    check_type text NOT NULL,
    break_key text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    severity text NOT NULL,
    status text NOT NULL DEFAULT 'open',
    currency text,
    account_name text COLLATE "C",
    description text NOT NULL,
    assignee text,
    resolved_by text,
    resolved_by_key text,
    resolution_notes text,
    CONSTRAINT reconciliation_exceptions_pkey PRIMARY KEY (id),
    CONSTRAINT reconciliation_exceptions_one_of_a_break UNIQUE (check_type, break_key),
    CONSTRAINT reconciliation_exceptions_severity_known CHECK (severity IN ('low', 'medium', 'high', 'critical')),
    CONSTRAINT reconciliation_exceptions_status_known CHECK
        (status IN ('open', 'acknowledged', 'resolved', 'auto_corrected', 'closed')),
    CONSTRAINT reconciliation_exceptions_resolved_when_over CHECK
        ((status IN ('open', 'acknowledged')) = (resolved_at IS NULL)),
    CONSTRAINT reconciliation_exceptions_gone_is_resolved CHECK (gone_at IS NULL OR resolved_at IS NOT NULL)
);

CREATE INDEX reconciliation_exceptions_latest ON reconciliation_exceptions (number);
CREATE INDEX reconciliation_exceptions_unresolved ON reconciliation_exceptions (severity, number)
    WHERE resolved_at IS NULL;
CREATE INDEX reconciliation_exceptions_present ON reconciliation_exceptions (check_type, account_id)
    WHERE gone_at IS NULL;

COMMENT ON COLUMN reconciliation_exceptions.number IS 'Order of first sight, and the number people call it by.';
COMMENT ON COLUMN reconciliation_exceptions.break_key IS
    'What makes two sightings the same break, such as kind and account and position.';
COMMENT ON COLUMN reconciliation_exceptions.present IS
    'Whether the last look that could tell still saw it. One that returns reopens; one that a person resolved while it
    was present stays resolved until it goes and returns, or its difference changes.';
COMMENT ON COLUMN reconciliation_exceptions.gone_at IS
    'When it was seen to be gone: what was read before that does not bring it back.';
COMMENT ON COLUMN reconciliation_exceptions.version IS
    'Grows with every change but a mere sighting: who acts on what another has changed meanwhile is told.';
COMMENT ON COLUMN reconciliation_exceptions.difference IS 'actual - expected, minor units, with its sign.';
COMMENT ON COLUMN reconciliation_exceptions.resolved_difference IS 'The difference when it was resolved.';
COMMENT ON COLUMN reconciliation_exceptions.status IS 'closed: by itself, because the break was gone.';
COMMENT ON COLUMN reconciliation_exceptions.resolved_by IS 'As stated in the request; resolved_by_key is the key''s owner.';
COMMENT ON COLUMN reconciliation_exceptions.flow_id IS 'The deposit, conversion or withdrawal that it concerns.';

CREATE TABLE reconciliation_sightings (
    exception_id uuid NOT NULL,
    report_id uuid NOT NULL,
    seen_at timestamptz NOT NULL,
    difference numeric,
    CONSTRAINT reconciliation_sightings_pkey PRIMARY KEY (exception_id, report_id)
);

COMMENT ON TABLE reconciliation_sightings IS
    'One for each run that saw the break, or for each time that continuous checking first saw it (report_id: its own).';

-- The story of an exception: opened, seen changed, assigned, commented on, resolved, reopened, corrected ...
CREATE TABLE reconciliation_exception_events (
    number bigint GENERATED ALWAYS AS IDENTITY,
    created_at timestamptz NOT NULL,
    exception_id uuid NOT NULL,
    kind text NOT NULL,
    actor text NOT NULL,
    text text,
    details jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT reconciliation_exception_events_pkey PRIMARY KEY (exception_id, number),
    CONSTRAINT reconciliation_exception_events_exception_id_fkey FOREIGN KEY (exception_id)
        REFERENCES reconciliation_exceptions (id)
);

GRANT SELECT, INSERT ON reconciliation_reports, reconciliation_checks, reconciliation_exceptions,
    reconciliation_sightings, reconciliation_exception_events TO payments_app;
GRANT UPDATE (started_at, completed_at, milliseconds, total_checks, passed_checks, failed_checks, inconclusive_checks,
    exceptions_count, status, error_message) ON reconciliation_reports TO payments_app;
GRANT UPDATE (started_at, completed_at, milliseconds, expected, actual, difference, items_checked, items_found, currency,
    passed, status, reason, totals) ON reconciliation_checks TO payments_app;
GRANT UPDATE (last_seen_at, due_at, acknowledged_at, resolved_at, updated_at, expected, actual, difference,
    resolved_difference, last_report_id, sightings, reopened, version, gone_at, severity, status, description, assignee,
    resolved_by, resolved_by_key, resolution_notes) ON reconciliation_exceptions TO payments_app;
