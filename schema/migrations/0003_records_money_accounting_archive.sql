-- Records that lost to an earlier one of the same day and id: the same event again. With `events` and the archive they are
-- the whole set of records, each once, from which every other table follows.
CREATE TABLE repeated_records (
    id TEXT NOT NULL,
    player_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    banner_tag TEXT NOT NULL,
    metadata TEXT NOT NULL,
    source_ip TEXT,
    user_agent TEXT,
    created_at TIMESTAMPTZ NOT NULL
);

-- One row a transaction: of the deposits of a player that agree in `txid` (else in id) a verified one wins, then the earliest.
CREATE TABLE counted_deposits (
    event_date DATE NOT NULL,
    player_id TEXT NOT NULL,
    banner_tag TEXT NOT NULL,
    txid TEXT,                         -- null: the sender gave none that can be used, so the transaction is the event
    event_id TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    currency TEXT,                     -- ISO 4217; null, with amount, when none was sent
    amount DECIMAL(18, 4),
    is_verified BOOLEAN NOT NULL       -- it was signed (metadata `_key`): only then it is money
);

-- What became of every record of a day, type and banner; received is the sum of the others.
CREATE TABLE daily_accounting (
    event_date DATE NOT NULL,
    event_type TEXT NOT NULL,
    banner_tag TEXT NOT NULL,
    received BIGINT NOT NULL,                      -- records, each once however often the log repeats it
    counted BIGINT NOT NULL,                       -- as in event_summary
    same_player_again BIGINT NOT NULL,             -- the player counts already, for this banner
    credited_to_another_banner BIGINT NOT NULL,    -- the player counts already, for another banner
    same_event_again BIGINT NOT NULL,              -- the id counts already: a retry
    bots BIGINT NOT NULL,                          -- visits of declared crawlers that do not compete
    PRIMARY KEY (event_date, event_type, banner_tag)
);

-- Refusals by day of `rejected_at` and reason.
CREATE TABLE daily_refusals (
    event_date DATE NOT NULL,
    reason TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (event_date, reason)
);

-- The archive's files (Parquet, PIXELS_HOME/archive): what is listed here has left the tables.
CREATE TABLE archive_files (
    file TEXT PRIMARY KEY,             -- path under archive/
    kind TEXT NOT NULL,                -- 'records': event_date and the columns of `events`; 'refusals': those of `rejected_events`
    event_date DATE NOT NULL,
    row_count BIGINT NOT NULL,
    first_at TIMESTAMPTZ NOT NULL,     -- earliest and latest created_at (rejected_at) in it
    last_at TIMESTAMPTZ NOT NULL,
    byte_count BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    archived_at TIMESTAMPTZ NOT NULL
);

-- Each log that was ever read: a topic made anew, or a slot file put in another's place, has the same place and another source.
CREATE TABLE log_sources (
    source TEXT PRIMARY KEY,
    place TEXT NOT NULL,               -- 'kafka:<topic>' or 'local:<file>:<stream>'
    first_read_at TIMESTAMPTZ NOT NULL
);

-- Records that a log lost before they were read.
CREATE TABLE log_gaps (
    source TEXT NOT NULL,
    "partition" INTEGER NOT NULL,
    first_offset BIGINT NOT NULL,      -- first one missing
    next_offset BIGINT NOT NULL,       -- first one that is there again
    noticed_at TIMESTAMPTZ NOT NULL,
    run_id BIGINT NOT NULL
);

-- Each comparison of the aggregates with what the records give.
CREATE TABLE rebuild_checks (
    checked_at TIMESTAMPTZ NOT NULL,
    snapshot BIGINT NOT NULL,          -- the figures that were checked
    is_equal BOOLEAN NOT NULL,
    differences TEXT NOT NULL,         -- JSON: rows that differ, by table
    seconds DOUBLE NOT NULL,
    code_version TEXT NOT NULL
);

-- Names that were erased, as HMACs under PIXELS_HOME/erasure.key.
CREATE TABLE erasures (
    name_hmac TEXT PRIMARY KEY,        -- of a player id, or of a visitor key of that player
    erased_at TIMESTAMPTZ NOT NULL
);

-- What wrote: 'pass', 'import', 'requeue', 'rebuild', 'erase'.
ALTER TABLE aggregation_runs ADD COLUMN kind TEXT DEFAULT 'pass';
-- Records that were stored as the same event again.
ALTER TABLE aggregation_runs ADD COLUMN repeats_stored BIGINT DEFAULT 0;
-- An HMAC under that key, by which a wrong key is noticed; null: nobody was ever erased.
ALTER TABLE warehouse ADD COLUMN erasure_key_check TEXT;
-- Whether the aggregates lack what this migration brought: the next pass rebuilds them first.
ALTER TABLE warehouse ADD COLUMN rebuild_due BOOLEAN DEFAULT false;
-- Last: DuckDB alters no table in a transaction that has updated it.
UPDATE warehouse SET rebuild_due = EXISTS (FROM events) OR EXISTS (FROM rejected_events);
