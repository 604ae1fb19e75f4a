-- The product's settlement as functions, for queues that run a statement for each job or for each batch: all that a
-- settlement writes for a payment (result, ledger transaction, two entries with running balances, balances, the
-- payment's state), in the product's tables and past the same triggers.
--
-- The benchmark's payments are in USD and come from clearing, which has no minimum balance: anything else is refused.

CREATE SCHEMA peers;

-- The worker's rules.
CREATE FUNCTION peers.rule_of(amount bigint) RETURNS text
    LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE
        WHEN amount < 0 THEN 'negative_amount'
        WHEN amount = 0 THEN 'zero_amount'
        WHEN amount % 100 = 13 THEN 'minor_part_13'
        ELSE 'matched'
    END
$$;

CREATE FUNCTION peers.status_of(amount bigint) RETURNS text
    LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE
        WHEN amount <= 0 THEN 'failed'
        WHEN amount % 100 = 13 THEN 'completed_with_discrepancy'
        ELSE 'completed'
    END
$$;

-- Which of the 64 clearing accounts pays is all the same to the books, if only one payee always has the same one.
CREATE FUNCTION peers.clearing_of(payee_account text) RETURNS text
    LANGUAGE sql IMMUTABLE
AS $$
    SELECT 'clearing/' || lpad((hashtext(payee_account) & 63)::text, 2, '0')
$$;

-- Opens the accounts of all pending payments; called once, before anything is measured.
CREATE FUNCTION peers.open_accounts() RETURNS void
    LANGUAGE sql
AS $$
    INSERT INTO accounts (name, currency, system, normal_balance)
    SELECT DISTINCT k.name, p.currency, k.system, CASE WHEN k.system THEN 'debit' ELSE 'credit' END
    FROM payments AS p
    CROSS JOIN LATERAL (VALUES (peers.clearing_of(p.payee_account), true), (p.payee_account, false)) AS k (name, system)
    WHERE p.status = 'pending'
    ON CONFLICT ON CONSTRAINT accounts_name_currency_key DO NOTHING
$$;

-- Settles one payment. Raises when it is not pending: a job that ran twice must not pay twice.
CREATE FUNCTION peers.bench_post(payment_id uuid) RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    payment record;
    payer record;
    payee record;
BEGIN
    UPDATE payments AS p
    SET status = peers.status_of(p.amount),
        discrepancy = CASE WHEN peers.rule_of(p.amount) = 'minor_part_13' THEN 13 END,
        failure_reason = CASE WHEN p.amount <= 0 THEN peers.rule_of(p.amount) END,
        settled_at = clock_timestamp()
    WHERE p.id = bench_post.payment_id AND p.status = 'pending' AND p.payer_account IS NULL AND p.currency = 'USD'
    RETURNING p.id, p.amount, p.currency, p.payee_account, p.status, coalesce(p.discrepancy, 0) AS discrepancy,
        p.settled_at
    INTO payment;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'payment % is not a pending payment from clearing', bench_post.payment_id;
    END IF;

    IF payment.status = 'failed' THEN
        INSERT INTO reconciliation_results
            (payment_id, matched, status, expected_amount, actual_amount, rule, created_at)
        VALUES
            (payment.id, false, payment.status, payment.amount, 0, peers.rule_of(payment.amount), payment.settled_at);
        RETURN;
    END IF;

    -- Clearing first, always: postings that share both accounts then queue instead of deadlocking.
    UPDATE accounts AS a
    SET balance = a.balance - payment.amount, position = a.position + 1,
        last_entry_at = greatest(a.last_entry_at, clock_timestamp())
    WHERE a.name = peers.clearing_of(payment.payee_account) AND a.currency = payment.currency
    RETURNING a.id, a.balance, a.position, a.last_entry_at
    INTO STRICT payer;

    UPDATE accounts AS a
    SET balance = a.balance + payment.amount, position = a.position + 1,
        last_entry_at = greatest(a.last_entry_at, payer.last_entry_at)
    WHERE a.name = payment.payee_account AND a.currency = payment.currency
    RETURNING a.id, a.balance, a.position, a.last_entry_at
    INTO STRICT payee;

    WITH results AS (
        INSERT INTO reconciliation_results
            (payment_id, matched, status, expected_amount, actual_amount, discrepancy, rule, created_at)
        VALUES (payment.id, payment.discrepancy = 0, payment.status, payment.amount,
            payment.amount - payment.discrepancy, nullif(payment.discrepancy, 0), peers.rule_of(payment.amount),
            payee.last_entry_at)
    ), transactions AS (
        INSERT INTO ledger_transactions (id, kind, entry_count, account_ids, positions, created_at)
        VALUES (payment.id, 'payment', 2, ARRAY[payer.id, payee.id], ARRAY[payer.position, payee.position],
            payee.last_entry_at)
    )
    INSERT INTO ledger_entries (account_id, position, amount, balance_after, created_at, transaction_id, currency)
    VALUES
        (payer.id, payer.position, -payment.amount, payer.balance, payer.last_entry_at, payment.id, payment.currency),
        (payee.id, payee.position, payment.amount, payee.balance, payee.last_entry_at, payment.id, payment.currency);
END
$$;

-- Settles many payments, in the order given, with a number of statements that does not depend on how many.
CREATE FUNCTION peers.bench_post_many(ids uuid[]) RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    posted_at timestamptz;
    settled bigint;
BEGIN
    -- In id order: batches that share accounts then queue instead of deadlocking.
    SELECT greatest(max(l.last_entry_at), clock_timestamp())
    INTO posted_at
    FROM (
        SELECT a.last_entry_at
        FROM accounts AS a
        WHERE a.id = ANY (ARRAY(
            SELECT n.id
            FROM unnest(ids) AS asked (id)
            JOIN payments AS p ON p.id = asked.id
            CROSS JOIN LATERAL (VALUES (peers.clearing_of(p.payee_account)), (p.payee_account)) AS k (name)
            JOIN accounts AS n ON n.name = k.name AND n.currency = p.currency))
        ORDER BY a.id
        FOR UPDATE
    ) AS l;

    WITH postings AS (
        SELECT p.id, p.currency, leg.account_id, leg.amount,
            (leg.balance + sum(leg.amount) OVER before)::bigint AS balance_after,
            leg.position + row_number() OVER before AS position
        FROM unnest(ids) WITH ORDINALITY AS asked (id, place)
        JOIN payments AS p ON p.id = asked.id AND p.amount > 0
        JOIN accounts AS payer ON payer.name = peers.clearing_of(p.payee_account) AND payer.currency = p.currency
        JOIN accounts AS payee ON payee.name = p.payee_account AND payee.currency = p.currency
        CROSS JOIN LATERAL (VALUES
            (payer.id, -p.amount, payer.balance, payer.position),
            (payee.id, p.amount, payee.balance, payee.position)
        ) AS leg (account_id, amount, balance, position)
        WINDOW before AS (PARTITION BY leg.account_id ORDER BY asked.place ROWS UNBOUNDED PRECEDING)
    ), transactions AS (
        INSERT INTO ledger_transactions (id, kind, entry_count, account_ids, positions, created_at)
        SELECT m.id, 'payment', 2, array_agg(m.account_id ORDER BY m.amount), array_agg(m.position ORDER BY m.amount),
            posted_at
        FROM postings AS m
        GROUP BY m.id
    ), balances AS (
        UPDATE accounts AS a
        SET balance = a.balance + m.moved, position = a.position + m.entries, last_entry_at = posted_at
        FROM (
            SELECT account_id, sum(amount)::bigint AS moved, count(account_id) AS entries
            FROM postings
            GROUP BY account_id
        ) AS m
        WHERE a.id = m.account_id
    )
    INSERT INTO ledger_entries (account_id, position, amount, balance_after, created_at, transaction_id, currency)
    SELECT m.account_id, m.position, m.amount, m.balance_after, posted_at, m.id, m.currency
    FROM postings AS m;

    WITH settled AS (
        UPDATE payments AS p
        SET status = peers.status_of(p.amount),
            discrepancy = CASE WHEN peers.rule_of(p.amount) = 'minor_part_13' THEN 13 END,
            failure_reason = CASE WHEN p.amount <= 0 THEN peers.rule_of(p.amount) END,
            settled_at = posted_at
        WHERE p.id = ANY (ids) AND p.status = 'pending' AND p.payer_account IS NULL AND p.currency = 'USD'
        RETURNING p.id, p.amount, p.status, p.discrepancy
    )
    INSERT INTO reconciliation_results
        (payment_id, matched, status, expected_amount, actual_amount, discrepancy, rule, created_at)
    SELECT s.id, s.status = 'completed', s.status, s.amount,
        CASE WHEN s.status = 'failed' THEN 0 ELSE s.amount - coalesce(s.discrepancy, 0) END,
        s.discrepancy, peers.rule_of(s.amount), posted_at
    FROM settled AS s;

    GET DIAGNOSTICS settled = ROW_COUNT;
    IF settled <> cardinality(ids) THEN
        RAISE EXCEPTION 'only % of % payments are pending payments from clearing', settled, cardinality(ids);
    END IF;
END
$$;
