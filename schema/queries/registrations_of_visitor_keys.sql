-- Stored registrations that carry one of the visitor keys in `wanted`.
SELECT e.* FROM events AS e
SEMI JOIN wanted ON json_extract_string(e.metadata, '$.s') = wanted.visitor_key
WHERE e.event_type = 'registration' AND e.created_at BETWEEN $first AND $last;
