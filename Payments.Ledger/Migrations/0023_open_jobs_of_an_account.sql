-- What is pending for an account is found in the index of open jobs itself: its name stands in the entries, so those of
-- other accounts cost no visit to the table. Entries of finished jobs stay until a vacuum, or for as long as somebody
-- holds an old snapshot, and each of them was visited before. A claim goes by division and sequence as ever, and no
-- payment pays for another index.
DROP INDEX recon_jobs_open;
CREATE INDEX recon_jobs_open ON recon_jobs (division, sequence, payee_account) WHERE finished_at IS NULL;
