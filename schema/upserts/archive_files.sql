-- A file whose rows leave the tables. A name is made of the content, so what is listed already is the same.
INSERT OR IGNORE INTO archive_files (
    file, kind, event_date, row_count, first_at, last_at, byte_count, sha256, archived_at
)
VALUES ($file, $kind, $event_date, $row_count, $first_at, $last_at, $byte_count, $sha256, $archived_at);
