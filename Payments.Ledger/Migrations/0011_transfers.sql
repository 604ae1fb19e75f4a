-- Transfers between two named accounts: their money rules, and the indexes that accounts are read by.

ALTER TABLE payments
    ADD CONSTRAINT payments_transfer_between_two_accounts CHECK (payer_account IS NULL OR payer_account <> payee_account),
    ADD CONSTRAINT payments_transfer_above_zero CHECK (payer_account IS NULL OR amount > 0);

-- What is queued to leave and to reach an account. Open transfers and refunds only, so payments pay nothing for them;
-- and of columns that no claim changes, so a claim stays a HOT update.
CREATE INDEX recon_jobs_open_out ON recon_jobs (payer_account) WHERE finished_at IS NULL AND payer_account IS NOT NULL;
CREATE INDEX recon_jobs_open_in ON recon_jobs (payee_account) WHERE finished_at IS NULL AND payer_account IS NOT NULL;

COMMENT ON COLUMN recon_jobs.division IS
    'Hash of the account that is paid into, so that payments into one account are never spread over two divisions; of a
    transfer out of an account with a minimum balance, hash of the payer.';

-- The list of accounts and the search in it, whatever the capitals. Neither column changes when a balance moves.
CREATE INDEX accounts_listed ON accounts (lower(name), id) WHERE NOT system;

COMMENT ON COLUMN accounts.minimum_balance IS
    'Minor units; a transfer out of the account that would leave less than this fails. NULL: the balance may go negative.
    Set when the account is opened and never changed.';
