-- The product's settlement as functions, for queues that run a statement for each job or for each batch: all that a
-- settlement writes for a payment (result, ledger transaction, two entries with running balances, balances, the
-- payment's state), in the product's tables, under the same locks and past the same triggers.

CREATE SCHEMA peers;

-- The worker's rules. The benchmark pays in USD, which has a minor part of two digits.
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

-- Which of the 64 clearing accounts pays is all the same to the books, if only one payee always has the same one.
CREATE FUNCTION peers.payer_of(payer_account text, payee_account text) RETURNS text
    LANGUAGE sql IMMUTABLE
AS $$
    SELECT coalesce(payer_account, 'clearing/' || lpad((hashtext(payee_account) & 63)::text, 2, '0'))
$$;

CREATE FUNCTION peers.open_accounts(ids uuid[]) RETURNS void
    LANGUAGE sql
AS $$
    INSERT INTO accounts (name, currency, system, normal_balance)
    SELECT DISTINCT k.name, p.currency, k.name LIKE '%/%', CASE WHEN k.name LIKE '%/%' THEN 'debit' ELSE 'credit' END
    FROM unnest(ids) AS asked (id)
    JOIN payments AS p ON p.id = asked.id
    CROSS JOIN LATERAL (VALUES (peers.payer_of(p.payer_account, p.payee_account)), (p.payee_account)) AS k (name)
    WHERE NOT EXISTS (SELECT FROM accounts AS a WHERE a.name = k.name AND a.currency = p.currency)
    ORDER BY k.name, p.currency
    ON CONFLICT ON CONSTRAINT accounts_name_currency_key DO NOTHING
$$;

-- The result and the end of each payment. Refuses what is not pending: a job that ran twice must not pay twice.
CREATE FUNCTION peers.finish(ids uuid[], broke uuid, settled_at timestamptz) RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    finished bigint;
BEGIN
    WITH decided AS (
        SELECT p.id, p.amount,
            CASE WHEN p.id = broke THEN 'insufficient_funds' ELSE peers.rule_of(p.amount) END AS rule
        FROM unnest(ids) AS asked (id)
        JOIN payments AS p ON p.id = asked.id
    ), settled AS (
        SELECT d.id, d.amount, d.rule,
            CASE d.rule
                WHEN 'matched' THEN 'completed'
                WHEN 'minor_part_13' THEN 'completed_with_discrepancy'
                ELSE 'failed'
            END AS status,
            CASE d.rule WHEN 'minor_part_13' THEN 13 END AS discrepancy
        FROM decided AS d
    ), results AS (
        INSERT INTO reconciliation_results
            (payment_id, matched, status, expected_amount, actual_amount, discrepancy, rule, created_at)
        SELECT s.id, s.status = 'completed', s.status, s.amount,
            CASE WHEN s.status = 'failed' THEN 0 ELSE s.amount - coalesce(s.discrepancy, 0) END,
            s.discrepancy, s.rule, finish.settled_at
        FROM settled AS s
    )
    UPDATE payments AS p
    SET status = s.status, discrepancy = s.discrepancy, settled_at = finish.settled_at,
        failure_reason = CASE WHEN s.status = 'failed' THEN s.rule END
    FROM settled AS s
    WHERE p.id = s.id AND p.status = 'pending';

    GET DIAGNOSTICS finished = ROW_COUNT;
    IF finished <> cardinality(ids) THEN
        RAISE EXCEPTION '% payments were to be settled, but only % of them were pending', cardinality(ids), finished;
    END IF;
END
$$;

-- Settles one payment.
CREATE FUNCTION peers.bench_post(payment_id uuid) RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    payment record;
    held record;
    posted_at timestamptz;
BEGIN
    SELECT p.id, p.amount, p.currency, p.kind, p.payee_account AS payee,
        peers.payer_of(p.payer_account, p.payee_account) AS payer
    INTO payment
    FROM payments AS p
    WHERE p.id = bench_post.payment_id;

    FOR attempt IN 1..2 LOOP
        -- In id order: postings that cross queue instead of deadlocking.
        SELECT count(l.id) AS accounts, max(l.last_entry_at) AS last_entry_at,
            max(l.id) FILTER (WHERE l.name = payment.payer) AS payer_id,
            max(l.balance) FILTER (WHERE l.name = payment.payer) AS payer_balance,
            max(l.position) FILTER (WHERE l.name = payment.payer) AS payer_position,
            max(l.minimum_balance) FILTER (WHERE l.name = payment.payer) AS payer_minimum,
            max(l.id) FILTER (WHERE l.name = payment.payee) AS payee_id,
            max(l.balance) FILTER (WHERE l.name = payment.payee) AS payee_balance,
            max(l.position) FILTER (WHERE l.name = payment.payee) AS payee_position
        INTO held
        FROM (
            SELECT a.id, a.name, a.balance, a.position, a.minimum_balance, a.last_entry_at
            FROM accounts AS a
            WHERE a.name = ANY (ARRAY[payment.payer, payment.payee]) AND a.currency = payment.currency
            ORDER BY a.id
            FOR UPDATE
        ) AS l;

        EXIT WHEN held.accounts = 2;
        PERFORM peers.open_accounts(ARRAY[payment.id]);
    END LOOP;

    posted_at := greatest(held.last_entry_at, clock_timestamp());
    IF payment.amount <= 0 OR held.payer_balance - payment.amount < held.payer_minimum THEN
        PERFORM peers.finish(ARRAY[payment.id], CASE WHEN payment.amount > 0 THEN payment.id END, posted_at);
        RETURN;
    END IF;

    WITH transactions AS (
        INSERT INTO ledger_transactions (id, kind, entry_count, account_ids, positions, created_at)
        VALUES (payment.id, payment.kind, 2, ARRAY[held.payer_id, held.payee_id],
            ARRAY[held.payer_position + 1, held.payee_position + 1], posted_at)
    )
    INSERT INTO ledger_entries (account_id, position, amount, balance_after, created_at, transaction_id, currency)
    VALUES
        (held.payer_id, held.payer_position + 1, -payment.amount, held.payer_balance - payment.amount,
            posted_at, payment.id, payment.currency),
        (held.payee_id, held.payee_position + 1, payment.amount, held.payee_balance + payment.amount,
            posted_at, payment.id, payment.currency);

    UPDATE accounts AS a
    SET balance = a.balance + CASE WHEN a.id = held.payee_id THEN payment.amount ELSE -payment.amount END,
        position = a.position + 1, last_entry_at = posted_at
    WHERE a.id = ANY (ARRAY[held.payer_id, held.payee_id]);

    PERFORM peers.finish(ARRAY[payment.id], NULL, posted_at);
END
$$;

-- Settles many payments, in the order given, with a number of statements that does not depend on how many.
CREATE FUNCTION peers.bench_post_many(ids uuid[]) RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    held record;
    one uuid;
BEGIN
    PERFORM peers.open_accounts(ids);

    SELECT greatest(max(l.last_entry_at), clock_timestamp()) AS posted_at,
        bool_or(l.minimum_balance IS NOT NULL) AS limited
    INTO held
    FROM (
        SELECT a.minimum_balance, a.last_entry_at
        FROM accounts AS a
        WHERE a.id = ANY (ARRAY(
            SELECT n.id
            FROM unnest(ids) AS asked (id)
            JOIN payments AS p ON p.id = asked.id
            CROSS JOIN LATERAL (VALUES
                (peers.payer_of(p.payer_account, p.payee_account)),
                (p.payee_account)
            ) AS k (name)
            JOIN accounts AS n ON n.name = k.name AND n.currency = p.currency))
        ORDER BY a.id
        FOR UPDATE
    ) AS l;

    -- Whether an account with a minimum balance can still pay depends on what was settled before.
    IF held.limited THEN
        FOREACH one IN ARRAY ids LOOP
            PERFORM peers.bench_post(one);
        END LOOP;
        RETURN;
    END IF;

    WITH postings AS (
        SELECT p.id, p.kind, p.currency, asked.place, leg.account_id, leg.amount,
            (leg.balance + sum(leg.amount) OVER before)::bigint AS balance_after,
            leg.position + row_number() OVER before AS position
        FROM unnest(ids) WITH ORDINALITY AS asked (id, place)
        JOIN payments AS p ON p.id = asked.id AND p.amount > 0
        JOIN accounts AS payer
            ON payer.name = peers.payer_of(p.payer_account, p.payee_account) AND payer.currency = p.currency
        JOIN accounts AS payee ON payee.name = p.payee_account AND payee.currency = p.currency
        CROSS JOIN LATERAL (VALUES
            (payer.id, -p.amount, payer.balance, payer.position),
            (payee.id, p.amount, payee.balance, payee.position)
        ) AS leg (account_id, amount, balance, position)
        WINDOW before AS (PARTITION BY leg.account_id ORDER BY asked.place ROWS UNBOUNDED PRECEDING)
    ), transactions AS (
        INSERT INTO ledger_transactions (id, kind, entry_count, account_ids, positions, created_at)
        SELECT m.id, m.kind, 2, array_agg(m.account_id ORDER BY m.amount), array_agg(m.position ORDER BY m.amount),
            held.posted_at
        FROM postings AS m
        GROUP BY m.id, m.kind
    ), balances AS (
        UPDATE accounts AS a
        SET balance = a.balance + m.moved, position = a.position + m.entries, last_entry_at = held.posted_at
        FROM (
            SELECT account_id, sum(amount)::bigint AS moved, count(account_id) AS entries
            FROM postings
            GROUP BY account_id
        ) AS m
        WHERE a.id = m.account_id
    )
    INSERT INTO ledger_entries (account_id, position, amount, balance_after, created_at, transaction_id, currency)
    SELECT m.account_id, m.position, m.amount, m.balance_after, held.posted_at, m.id, m.currency
    FROM postings AS m;

    PERFORM peers.finish(ids, NULL, held.posted_at);
END
$$;
