-- What settlement found out about each payment; written once, in the transaction that settles it.

CREATE TABLE reconciliation_results (
    payment_id uuid NOT NULL,
    expected_amount bigint NOT NULL,
    actual_amount bigint NOT NULL,
    discrepancy bigint,
    created_at timestamptz NOT NULL,
    matched boolean NOT NULL,
    status text NOT NULL,
    rule text NOT NULL,
    CONSTRAINT reconciliation_results_pkey PRIMARY KEY (payment_id),
    CONSTRAINT reconciliation_results_status_known CHECK (status IN ('completed', 'completed_with_discrepancy', 'failed')),
    CONSTRAINT reconciliation_results_matched_when_completed CHECK (matched = (status = 'completed'))
);

-- Lists of failed or differing payments are read from here: rows never change, and most are not in the index.
CREATE INDEX reconciliation_results_unmatched ON reconciliation_results (status, payment_id) WHERE NOT matched;

COMMENT ON COLUMN reconciliation_results.expected_amount IS 'The amount asked for, minor units.';
COMMENT ON COLUMN reconciliation_results.actual_amount IS
    'The amount that could be matched: expected less the discrepancy; zero when the payment failed.';
COMMENT ON COLUMN reconciliation_results.rule IS 'The rule that decided, e.g. minor_part_13; one of docs/state-machines.md.';

GRANT SELECT, INSERT ON reconciliation_results TO payments_app;
