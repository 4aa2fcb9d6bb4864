-- Where the records from $first to $last lie, each with its instant.
SELECT 'events' AS place, rowid AS row_id, created_at AS instant FROM events
WHERE created_at BETWEEN $first AND $last
UNION ALL
SELECT 'repeated_records', rowid, created_at FROM repeated_records
WHERE created_at BETWEEN $first AND $last;
