-- What is queued to leave an account and what is queued to reach it: each is read from one index, and neither read can
-- use the other's. While both had one predicate they seemed alike where few transfers are open, and the reads took
-- either: all entries of the wrong one are walked, those of finished transfers too until a vacuum removes them.
DROP INDEX recon_jobs_open_out, recon_jobs_open_in;
CREATE INDEX recon_jobs_open_out ON recon_jobs (payer_account) WHERE finished_at IS NULL AND payer_account IS NOT NULL;
CREATE INDEX recon_jobs_open_in ON recon_jobs (payee_account) WHERE finished_at IS NULL AND kind = 'transfer';
