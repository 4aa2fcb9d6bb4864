-- Raw events, kept for PIXELS_RETENTION_DAYS; the source of every other table.
-- No primary-key index here and on the other large tables: its upkeep made a 50,000-event batch 5 to 10 times slower
-- and the file 5 times larger than an anti-join bounded by the batch's days. One writer, held by a file lock, keeps keys unique.
CREATE TABLE events (
    id TEXT NOT NULL,                  -- unique within a day of the warehouse's time zone
    player_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    banner_tag TEXT NOT NULL,
    metadata TEXT NOT NULL,            -- JSON object of strings, keys sorted
    source_ip TEXT,
    user_agent TEXT,
    created_at TIMESTAMPTZ NOT NULL
);

-- For each day, type and player, the one event that counts: the earliest by (created_at, id).
CREATE TABLE counted_events (
    event_date DATE NOT NULL,
    event_type TEXT NOT NULL,
    player_id TEXT NOT NULL,
    banner_tag TEXT NOT NULL,
    event_id TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE daily_metrics (
    event_date DATE NOT NULL,
    event_type TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (event_date, event_type)
);

CREATE TABLE event_summary (
    event_date DATE NOT NULL,
    event_type TEXT NOT NULL,
    banner_tag TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (event_date, event_type, banner_tag)
);

CREATE TABLE players (
    player_id TEXT NOT NULL,
    first_seen TIMESTAMPTZ NOT NULL,
    last_event_at TIMESTAMPTZ NOT NULL,
    registration_at TIMESTAMPTZ,       -- first registration
    deposit_at TIMESTAMPTZ,            -- first deposit
    total_deposits BIGINT NOT NULL     -- deposits that count: days with a deposit
);

-- Which player a site's visitor key turned out to be: the player of the earliest registration that carries the key as `s`.
CREATE TABLE visitor_links (
    visitor_key TEXT NOT NULL,
    player_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    linked_at TIMESTAMPTZ NOT NULL     -- created_at of that registration
);

-- What did not become an event, with its reason (schema/refusal.schema.json) and where it came from.
CREATE TABLE rejected_events (
    source TEXT NOT NULL,
    "partition" INTEGER NOT NULL,
    "offset" BIGINT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    payload BLOB NOT NULL,             -- at most 8 KiB of it
    rejected_at TIMESTAMPTZ NOT NULL   -- when it was received by the collector, else appended to the log
);

-- Where the next pass goes on, committed together with what was read before.
CREATE TABLE log_offsets (
    source TEXT NOT NULL,              -- 'kafka:<cluster id>:<topic id>' or 'local:<log uuid>:<stream>'
    "partition" INTEGER NOT NULL,
    next_offset BIGINT NOT NULL,
    PRIMARY KEY (source, "partition")
);

CREATE TABLE aggregation_runs (
    run_id BIGINT PRIMARY KEY,
    started_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ NOT NULL,  -- when its last batch so far was stored
    records_read BIGINT NOT NULL,
    events_stored BIGINT NOT NULL,
    events_replaced BIGINT NOT NULL,   -- stored events for which an earlier record with the same day and id arrived
    events_counted BIGINT NOT NULL,    -- new rows in counted_events
    records_repeated BIGINT NOT NULL,  -- records of an event that was already stored
    records_rejected BIGINT NOT NULL,
    figures_changed BOOLEAN NOT NULL,
    code_version TEXT NOT NULL
);

-- One row: what this warehouse is and the settings its figures depend on.
CREATE TABLE warehouse (
    warehouse_uuid TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    is_demo BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);
