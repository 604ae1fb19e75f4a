-- The last balance that each external provider told, to be shown and compared beside the ledger's.

CREATE TABLE provider_balances (
    amount numeric,
    as_of timestamptz,
    fetched_at timestamptz,
    tried_at timestamptz NOT NULL,
    inconclusive_since timestamptz,
    provider text NOT NULL,
    currency text NOT NULL,
    outcome text NOT NULL,
    error text,
    CONSTRAINT provider_balances_pkey PRIMARY KEY (provider, currency),
    CONSTRAINT provider_balances_provider_known CHECK (provider IN ('circle', 'alpaca')),
    CONSTRAINT provider_balances_outcome_known CHECK
        (outcome IN ('current', 'stale', 'unavailable', 'not_configured')),
    CONSTRAINT provider_balances_fetched_whole CHECK
        ((amount IS NULL) = (as_of IS NULL) AND (amount IS NULL) = (fetched_at IS NULL)),
    CONSTRAINT provider_balances_since_when_inconclusive CHECK
        ((inconclusive_since IS NULL) = (outcome IN ('current', 'not_configured'))),
    CONSTRAINT provider_balances_says_what_failed CHECK ((error IS NULL) = (outcome = 'current'))
);

COMMENT ON TABLE provider_balances IS
    'One row for each provider: the last balance that it told, and how the last try to read it ended.';
COMMENT ON COLUMN provider_balances.amount IS
    'Minor units in the provider''s own sign, of the last try that it answered; a fraction of a minor unit is kept.';
COMMENT ON COLUMN provider_balances.as_of IS 'The oldest moment of which a part of the amount is.';
COMMENT ON COLUMN provider_balances.fetched_at IS 'When the amount was read.';
COMMENT ON COLUMN provider_balances.tried_at IS 'The last try, whatever came of it.';
COMMENT ON COLUMN provider_balances.inconclusive_since IS
    'The first try since the last current balance that brought none; NULL while the balance is current.';

GRANT SELECT, INSERT ON provider_balances TO payments_app;
GRANT UPDATE (amount, as_of, fetched_at, tried_at, inconclusive_since, outcome, error) ON provider_balances
    TO payments_app;
