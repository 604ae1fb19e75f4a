-- Corrections of what reconciliation found: adjustments in the ledger, and account rows that are built again.

CREATE TABLE reconciliation_adjustments (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    decided_at timestamptz,
    undone_at timestamptz,
    exception_id uuid NOT NULL,
    account_id bigint NOT NULL,
    amount numeric NOT NULL,
    counter_amount numeric NOT NULL DEFAULT 0,
    corrects uuid,
    transaction_id uuid,
    counter_transaction_id uuid,
    undo_transaction_id uuid,
    undo_counter_transaction_id uuid,
    needs_approval boolean NOT NULL,
    kind text NOT NULL,
    status text NOT NULL DEFAULT 'proposed',
    currency text NOT NULL,
    account text COLLATE "C" NOT NULL,
    counter_account text COLLATE "C",
    reason text NOT NULL,
    failure text,
    proposed_by text NOT NULL,
    approved_by text,
    rejected_by text,
    undone_by text,
    CONSTRAINT reconciliation_adjustments_pkey PRIMARY KEY (id),
    CONSTRAINT reconciliation_adjustments_exception_id_fkey FOREIGN KEY (exception_id)
        REFERENCES reconciliation_exceptions (id),
    CONSTRAINT reconciliation_adjustments_transaction_id_key UNIQUE (transaction_id),
    CONSTRAINT reconciliation_adjustments_kind_known CHECK (kind IN ('adjustment', 'rebuild_account_row')),
    CONSTRAINT reconciliation_adjustments_status_known CHECK
        (status IN ('proposed', 'posted', 'rejected', 'undone', 'failed')),
    CONSTRAINT reconciliation_adjustments_four_eyes CHECK (approved_by <> proposed_by),
    CONSTRAINT reconciliation_adjustments_rebuilt_by_two CHECK (kind <> 'rebuild_account_row' OR needs_approval),
    CONSTRAINT reconciliation_adjustments_approved_where_needed CHECK
        (NOT needs_approval OR status NOT IN ('posted', 'undone') OR approved_by IS NOT NULL),
    CONSTRAINT reconciliation_adjustments_decided_unless_proposed CHECK
        ((status = 'proposed') = (decided_at IS NULL)),
    CONSTRAINT reconciliation_adjustments_rejected_by_somebody CHECK
        ((status = 'rejected') = (rejected_by IS NOT NULL)),
    CONSTRAINT reconciliation_adjustments_says_what_failed CHECK ((status = 'failed') = (failure IS NOT NULL)),
    CONSTRAINT reconciliation_adjustments_in_the_books CHECK
        ((kind = 'adjustment' AND status IN ('posted', 'undone')) = (transaction_id IS NOT NULL)),
    CONSTRAINT reconciliation_adjustments_undone_whole CHECK
        ((status = 'undone') = (undo_transaction_id IS NOT NULL)
            AND (status = 'undone') = (undone_at IS NOT NULL) AND (status = 'undone') = (undone_by IS NOT NULL)),
    CONSTRAINT reconciliation_adjustments_corrects_a_posting CHECK ((kind = 'adjustment') = (corrects IS NOT NULL))
);

CREATE UNIQUE INDEX reconciliation_adjustments_one_proposal ON reconciliation_adjustments (exception_id)
    WHERE status = 'proposed';
CREATE INDEX reconciliation_adjustments_exception ON reconciliation_adjustments (exception_id, id);
CREATE INDEX reconciliation_adjustments_corrects ON reconciliation_adjustments (corrects) WHERE corrects IS NOT NULL;
CREATE INDEX reconciliation_adjustments_alone ON reconciliation_adjustments (currency, decided_at)
    WHERE NOT needs_approval AND status IN ('posted', 'undone');

COMMENT ON COLUMN reconciliation_adjustments.amount IS
    'Minor units that the account receives, credit-positive; of a rebuilt row, what its balance changes by.';
COMMENT ON COLUMN reconciliation_adjustments.counter_amount IS
    'The same of the account on the other side of the flow, where that is short too.';
COMMENT ON COLUMN reconciliation_adjustments.corrects IS 'The ledger transaction whose remainder it posts.';
COMMENT ON COLUMN reconciliation_adjustments.needs_approval IS
    'Above a limit, or a rebuilt row: a second owner decides.';
COMMENT ON COLUMN reconciliation_adjustments.decided_at IS 'When it was posted, rejected, or tried and failed.';
COMMENT ON COLUMN reconciliation_adjustments.proposed_by IS
    'Owner of the API key, or reconciliation for what it corrects by itself.';

-- What was decided stays decided; of what is posted, one thing more can happen.
CREATE FUNCTION adjustment_is_decided_once() RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION 'adjustment % is % and cannot become %', OLD.id, OLD.status, NEW.status
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'adjustment_is_decided_once';
END
$$;

CREATE TRIGGER reconciliation_adjustments_decided_once BEFORE UPDATE ON reconciliation_adjustments
    FOR EACH ROW WHEN (OLD.status <> 'proposed' AND NOT (OLD.status = 'posted' AND NEW.status = 'undone'
        AND NEW.approved_by IS NOT DISTINCT FROM OLD.approved_by
        AND NEW.transaction_id IS NOT DISTINCT FROM OLD.transaction_id))
    EXECUTE FUNCTION adjustment_is_decided_once();

GRANT SELECT, INSERT ON reconciliation_adjustments TO payments_app;
GRANT UPDATE (decided_at, undone_at, transaction_id, counter_transaction_id, undo_transaction_id,
    undo_counter_transaction_id, status, failure, approved_by, rejected_by, undone_by) ON reconciliation_adjustments
    TO payments_app;
