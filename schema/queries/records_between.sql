-- Every record that lies in the tables, from $first to $last: the events, and what was the same event again.
SELECT id, player_id, event_type, banner_tag, metadata, source_ip, user_agent, created_at FROM events
WHERE created_at BETWEEN $first AND $last
UNION ALL
SELECT id, player_id, event_type, banner_tag, metadata, source_ip, user_agent, created_at FROM repeated_records
WHERE created_at BETWEEN $first AND $last;
