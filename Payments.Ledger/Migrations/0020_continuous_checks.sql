-- How far continuous checking has come. One row, written by the one worker that is at it.

CREATE TABLE continuous_checks (
    id smallint NOT NULL DEFAULT 1,
    file_node bigint NOT NULL DEFAULT 0,
    block bigint NOT NULL DEFAULT 0,
    pending_block bigint NOT NULL DEFAULT 0,
    pending_xmax bigint NOT NULL DEFAULT 0,
    changes bigint NOT NULL DEFAULT 0,
    entries_checked bigint NOT NULL DEFAULT 0,
    sweep_milliseconds bigint NOT NULL DEFAULT 0,
    passed_at timestamptz,
    sweep_wanted_at timestamptz,
    sweep_started_at timestamptz,
    sweep_ended_at timestamptz,
    snapshot pg_snapshot,
    CONSTRAINT continuous_checks_pkey PRIMARY KEY (id),
    CONSTRAINT continuous_checks_one_row CHECK (id = 1)
) WITH (fillfactor = 50);

INSERT INTO continuous_checks (id) VALUES (1);

COMMENT ON COLUMN continuous_checks.snapshot IS
    'Of the last pass: entries that it saw were looked at. NULL: no pass yet.';
COMMENT ON COLUMN continuous_checks.block IS
    'Blocks of ledger_entries before this one hold nothing new that was appended; new entries go behind them.';
COMMENT ON COLUMN continuous_checks.pending_block IS
    'What block becomes when all transactions before pending_xmax, which may still be writing there, are over.';
COMMENT ON COLUMN continuous_checks.file_node IS 'The file of ledger_entries: another one means that it was rewritten.';
COMMENT ON COLUMN continuous_checks.changes IS
    'Updated and deleted rows of the ledger by the server''s statistics; nothing legitimate moves them.';
COMMENT ON COLUMN continuous_checks.passed_at IS 'End of the last pass over what is new.';
COMMENT ON COLUMN continuous_checks.sweep_wanted_at IS
    'When something was last found or suspected: everything is checked then.';
COMMENT ON COLUMN continuous_checks.sweep_milliseconds IS 'What the last sweep over everything took, with its rests.';

GRANT SELECT ON continuous_checks TO payments_app;
GRANT UPDATE (file_node, block, pending_block, pending_xmax, changes, entries_checked, sweep_milliseconds, passed_at,
    sweep_wanted_at, sweep_started_at, sweep_ended_at, snapshot) ON continuous_checks TO payments_app;
