-- Reports of checking one account against its payments: written once, never changed.

CREATE TABLE account_reconciliations (
    id uuid NOT NULL,
    period_from timestamptz,
    period_to timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    owner_id integer NOT NULL,
    milliseconds integer NOT NULL,
    payments bigint NOT NULL,
    entries bigint NOT NULL,
    findings bigint NOT NULL,
    opening_by_sum numeric NOT NULL,
    opening_by_running numeric NOT NULL,
    closing_by_sum numeric NOT NULL,
    closing_by_running numeric NOT NULL,
    closing_by_account numeric NOT NULL,
    account_name text COLLATE "C" NOT NULL,
    currency text COLLATE "C" NOT NULL,
    CONSTRAINT account_reconciliations_pkey PRIMARY KEY (id),
    CONSTRAINT account_reconciliations_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES key_owners (id),
    CONSTRAINT account_reconciliations_period_in_order CHECK (period_from <= period_to),
    CONSTRAINT account_reconciliations_counts_not_negative CHECK (payments >= 0 AND entries >= 0 AND findings >= 0)
);

CREATE INDEX account_reconciliations_account ON account_reconciliations (account_name, currency, id);

COMMENT ON COLUMN account_reconciliations.period_from IS 'NULL: from the account''s first entry.';
COMMENT ON COLUMN account_reconciliations.created_at IS 'When the one snapshot was taken that the whole report is of.';
COMMENT ON COLUMN account_reconciliations.opening_by_sum IS
    'Minor units, credit-positive, as all balances here; numeric, because wrong amounts may add up to anything.';
COMMENT ON COLUMN account_reconciliations.closing_by_running IS 'balance_after of the last entry of the period.';
COMMENT ON COLUMN account_reconciliations.closing_by_account IS 'The account row''s balance less the entries since.';
COMMENT ON COLUMN account_reconciliations.account_name IS 'clearing: all of its parts together.';

CREATE TABLE account_reconciliation_findings (
    number bigint GENERATED ALWAYS AS IDENTITY,
    account_id bigint,
    position bigint,
    expected numeric,
    actual numeric,
    reconciliation_id uuid NOT NULL,
    payment_id uuid,
    transaction_id uuid,
    kind text NOT NULL,
    detail text NOT NULL,
    CONSTRAINT account_reconciliation_findings_pkey PRIMARY KEY (reconciliation_id, number),
    CONSTRAINT account_reconciliation_findings_report_fkey FOREIGN KEY (reconciliation_id)
        REFERENCES account_reconciliations (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT account_reconciliation_findings_kind_known CHECK (kind IN
        ('missing_entry', 'duplicated_entry', 'amount_mismatch', 'orphan_entry', 'position_gap',
        'running_balance_mismatch', 'time_disorder', 'opening_balance_mismatch', 'closing_balance_mismatch',
        'account_row_mismatch'))
);

COMMENT ON COLUMN account_reconciliation_findings.account_id IS
    'The account row: one of several for clearing; NULL when it cannot be told.';
COMMENT ON COLUMN account_reconciliation_findings.expected IS 'Minor units, credit-positive; for a gap a position.';

GRANT SELECT, INSERT ON account_reconciliations, account_reconciliation_findings TO payments_app;
