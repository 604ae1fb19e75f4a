-- Accounts: who owns what, and the current balance that every posting keeps in step with the entries.

CREATE TABLE accounts (
    id bigint GENERATED ALWAYS AS IDENTITY,
    balance bigint NOT NULL DEFAULT 0,
    position bigint NOT NULL DEFAULT 0,
    minimum_balance bigint,
    last_entry_at timestamptz NOT NULL DEFAULT '-infinity',
    opened_at timestamptz NOT NULL DEFAULT now(),
    name text COLLATE "C" NOT NULL,
    currency text COLLATE "C" NOT NULL,
    normal_balance text NOT NULL DEFAULT 'credit',
    system boolean NOT NULL DEFAULT false,
    CONSTRAINT accounts_pkey PRIMARY KEY (id),
    CONSTRAINT accounts_name_currency_key UNIQUE (name, currency),
    CONSTRAINT accounts_normal_balance_known CHECK (normal_balance IN ('credit', 'debit')),
    CONSTRAINT accounts_position_not_negative CHECK (position >= 0)
) WITH (fillfactor = 50);

-- Half of each page stays free, so that the update of a balance finds room beside its old version (a HOT update)
-- and touches no index.

COMMENT ON TABLE accounts IS
    'One row per holder and currency. System accounts (clearing/00 to clearing/63, suspense, ...) are rows like any other.';
COMMENT ON COLUMN accounts.balance IS
    'Minor units, credit-positive: the sum of the account''s entries, written in the transaction that posts them.';
COMMENT ON COLUMN accounts.position IS 'How many entries the account has; the last entry has this position.';
COMMENT ON COLUMN accounts.minimum_balance IS
    'Minor units; a payment out of the account that would leave less than this fails. NULL: the balance may go negative.';
COMMENT ON COLUMN accounts.last_entry_at IS 'created_at of the last entry; never goes back.';
COMMENT ON COLUMN accounts.normal_balance IS 'Only how the balance is shown; amounts are stored credit-positive everywhere.';

-- A row can be opened and its balance moved; name, currency and settings are not the settling services' to change.
GRANT SELECT, INSERT ON accounts TO payments_app;
GRANT UPDATE (balance, position, last_entry_at) ON accounts TO payments_app;
