-- Where the refusals from $first to $last lie, each with its instant.
SELECT 'rejected_events' AS place, rowid AS row_id, rejected_at AS instant FROM rejected_events
WHERE rejected_at BETWEEN $first AND $last;
