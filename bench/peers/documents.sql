-- The tables of the documents' design, with their keys, foreign keys and indexes. The documents name tables, columns
-- and queries, not their types: random ids and decimal money are what their samples show.

CREATE TABLE accounts (
    id text PRIMARY KEY,
    balance numeric(15, 2) NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE payments (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    idempotency_key text NOT NULL UNIQUE,
    account_id text NOT NULL,
    amount numeric(15, 2) NOT NULL,
    description text,
    status text NOT NULL DEFAULT 'pending',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX payments_account_id ON payments (account_id);
CREATE INDEX payments_status ON payments (status);

CREATE TABLE recon_jobs (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    payment_id uuid NOT NULL REFERENCES payments (id),
    status text NOT NULL DEFAULT 'pending',
    attempts integer NOT NULL DEFAULT 0,
    locked_by text,
    locked_at timestamptz,
    last_error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- Serves the documents' claim: WHERE status = 'pending' ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED.
CREATE INDEX recon_jobs_status_created_at ON recon_jobs (status, created_at);

CREATE TABLE reconciliation_results (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    payment_id uuid NOT NULL REFERENCES payments (id),
    matched boolean NOT NULL,
    status text NOT NULL,
    discrepancy numeric(15, 2),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX reconciliation_results_payment_id ON reconciliation_results (payment_id);

CREATE TABLE ledger_entries (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    account_id text NOT NULL,
    payment_id uuid NOT NULL REFERENCES payments (id),
    direction text NOT NULL CHECK (direction IN ('debit', 'credit')),
    amount numeric(15, 2) NOT NULL,
    balance_after numeric(15, 2) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX ledger_entries_account_id_created_at ON ledger_entries (account_id, created_at);
CREATE INDEX ledger_entries_payment_id ON ledger_entries (payment_id);

-- The worker of the documents, one transaction a job, nine statements between BEGIN and COMMIT:
--   1  SELECT the oldest pending job FOR UPDATE SKIP LOCKED
--   2  UPDATE the job: processing, locked_by, locked_at, attempts
--   3  SELECT the payment
--   4  INSERT the reconciliation result
--   5  UPDATE the payment's status
--   6  SELECT the account's balance (FOR UPDATE: without it two workers lose one of two postings)
--   7  INSERT the ledger entry with the new balance
--   8  UPDATE the account's balance
--   9  UPDATE the job: completed
