-- The books: immutable double entry that this server itself refuses to unbalance, whoever asks.

CREATE TABLE ledger_transactions (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    corrects uuid,
    entry_count smallint NOT NULL,
    kind text NOT NULL,
    account_ids bigint[] NOT NULL,
    positions bigint[] NOT NULL,
    CONSTRAINT ledger_transactions_pkey PRIMARY KEY (id),
    CONSTRAINT ledger_transactions_kind_known CHECK (kind IN
        ('payment', 'transfer', 'refund', 'deposit', 'withdrawal', 'conversion', 'adjustment', 'reversal')),
    CONSTRAINT ledger_transactions_lists_its_entries CHECK (entry_count >= 2
        AND cardinality(account_ids) = entry_count AND cardinality(positions) = entry_count)
);

COMMENT ON COLUMN ledger_transactions.id IS
    'Of a payment: the payment''s own id, so that one settlement per payment is this primary key.';
COMMENT ON COLUMN ledger_transactions.account_ids IS
    'With positions: the keys of the transaction''s entries. The list finds them without an index on
    ledger_entries.transaction_id, and an entry that is not on it cannot be added later.';
COMMENT ON COLUMN ledger_transactions.corrects IS 'The transaction that this one reverses or adjusts.';

CREATE TABLE ledger_entries (
    account_id bigint NOT NULL,
    position bigint NOT NULL,
    amount bigint NOT NULL,
    balance_after bigint NOT NULL,
    created_at timestamptz NOT NULL,
    transaction_id uuid NOT NULL,
    currency text NOT NULL,
    CONSTRAINT ledger_entries_pkey PRIMARY KEY (account_id, position),
    CONSTRAINT ledger_entries_amount_not_zero CHECK (amount <> 0),
    CONSTRAINT ledger_entries_position_positive CHECK (position > 0)
);

COMMENT ON COLUMN ledger_entries.amount IS 'Minor units, credit-positive: a credit is above zero, a debit below.';
COMMENT ON COLUMN ledger_entries.balance_after IS 'The account''s balance right after this entry, minor units.';
COMMENT ON COLUMN ledger_entries.position IS '1, 2, 3, ... within the account, in the order of posting, without gaps.';
COMMENT ON COLUMN ledger_entries.created_at IS
    'Taken under the account''s lock: never goes back along positions, so a past balance is a search over them.';

-- One check per statement over all rows it inserted, so its cost is per batch. Transactions and their entries must
-- arrive in one statement (a data-modifying WITH): both triggers fire at its end and see all of it.
-- The planner is told to probe by primary key: a plan made while the tables were empty must not scan them later.
CREATE FUNCTION ledger_entries_must_balance() RETURNS trigger
    LANGUAGE plpgsql
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
    wrong record;
BEGIN
    SELECT e.transaction_id, e.currency, sum(e.amount) AS difference
    INTO wrong
    FROM inserted AS e
    GROUP BY e.transaction_id, e.currency
    HAVING sum(e.amount) <> 0
    LIMIT 1;

    IF FOUND THEN
        RAISE EXCEPTION 'the entries of transaction % are off by % in %',
            wrong.transaction_id, wrong.difference, wrong.currency
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entries_balanced';
    END IF;

    -- An account stands at most once on a transaction's list, so its place there gives the one position it may have.
    SELECT e.transaction_id, count(*) AS entries
    INTO wrong
    FROM inserted AS e
    LEFT JOIN ledger_transactions AS t ON t.id = e.transaction_id
    GROUP BY e.transaction_id
    HAVING count(*) IS DISTINCT FROM max(t.entry_count)
        OR bool_or(t.positions[array_position(t.account_ids, e.account_id)] IS DISTINCT FROM e.position)
    LIMIT 1;

    IF FOUND THEN
        RAISE EXCEPTION 'transaction % does not list exactly the % entries that this statement adds to it',
            wrong.transaction_id, wrong.entries
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entries_listed';
    END IF;

    SELECT e.account_id, e.currency
    INTO wrong
    FROM (SELECT DISTINCT account_id, currency FROM inserted) AS e
    LEFT JOIN accounts AS a ON a.id = e.account_id
    WHERE a.currency IS DISTINCT FROM e.currency
    LIMIT 1;

    IF FOUND THEN
        RAISE EXCEPTION 'account % does not exist or is not in %', wrong.account_id, wrong.currency
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entries_in_account_currency';
    END IF;

    RETURN NULL;
END
$$;

CREATE FUNCTION ledger_transactions_must_have_entries() RETURNS trigger
    LANGUAGE plpgsql
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
    wrong record;
BEGIN
    -- One entry is enough to look for: the statement that added it was checked to add all that are listed.
    SELECT t.id
    INTO wrong
    FROM inserted AS t
    LEFT JOIN ledger_entries AS e
        ON e.account_id = t.account_ids[1] AND e.position = t.positions[1] AND e.transaction_id = t.id
    WHERE e.account_id IS NULL
    LIMIT 1;

    IF FOUND THEN
        RAISE EXCEPTION 'transaction % has no entries', wrong.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_transactions_have_entries';
    END IF;

    RETURN NULL;
END
$$;

CREATE FUNCTION ledger_is_immutable() RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION '% of % is not allowed: a mistake is corrected by a new, opposite transaction', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'ledger_is_immutable';
END
$$;

CREATE TRIGGER ledger_entries_must_balance AFTER INSERT ON ledger_entries
    REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_entries_must_balance();

CREATE TRIGGER ledger_transactions_must_have_entries AFTER INSERT ON ledger_transactions
    REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_transactions_must_have_entries();

CREATE TRIGGER ledger_entries_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_immutable();

CREATE TRIGGER ledger_transactions_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transactions
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_immutable();

GRANT SELECT, INSERT ON ledger_transactions, ledger_entries TO payments_app;
