-- What the events from $first to $last carry under a key, $pointer (RFC 6901); those that do not carry it are left out.
SELECT id, created_at, value
FROM (
    SELECT id, created_at, json_extract_string(metadata, $pointer) AS value
    FROM events
    WHERE created_at BETWEEN $first AND $last
)
WHERE value IS NOT NULL;
