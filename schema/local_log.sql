-- The embedded log: one SQLite file per collector worker slot, PIXELS_HOME/log/slot-NNN.sqlite.
-- The collector appends; the aggregator reads, and deletes what it has stored long ago. The spool has the same form.
-- record_offset only grows (AUTOINCREMENT survives deletes), so "next offset" has one meaning for ever.
CREATE TABLE IF NOT EXISTS log_identity (log_uuid TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events_queue (
    record_offset INTEGER PRIMARY KEY AUTOINCREMENT,
    appended_at_ms INTEGER NOT NULL,   -- collector's clock, Unix milliseconds
    record_key BLOB,                   -- player_id, UTF-8
    record_value BLOB NOT NULL         -- the event's JSON (schema/event.schema.json)
);
CREATE TABLE IF NOT EXISTS events_queue_rejected (
    record_offset INTEGER PRIMARY KEY AUTOINCREMENT,
    appended_at_ms INTEGER NOT NULL,
    record_key BLOB,
    record_value BLOB NOT NULL         -- the refusal's JSON (schema/refusal.schema.json)
);
