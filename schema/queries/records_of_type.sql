-- The records of a type that lie in the tables, from $first to $last.
SELECT id, player_id, event_type, banner_tag, metadata, source_ip, user_agent, created_at FROM events
WHERE created_at BETWEEN $first AND $last AND event_type = $event_type
UNION ALL
SELECT id, player_id, event_type, banner_tag, metadata, source_ip, user_agent, created_at FROM repeated_records
WHERE created_at BETWEEN $first AND $last AND event_type = $event_type;
