-- The records that lie in the tables, from $first to $last, whose player is one of $names.
SELECT id, player_id, event_type, banner_tag, metadata, source_ip, user_agent, created_at FROM events
WHERE created_at BETWEEN $first AND $last AND player_id IN (SELECT unnest($names::TEXT[]))
UNION ALL
SELECT id, player_id, event_type, banner_tag, metadata, source_ip, user_agent, created_at FROM repeated_records
WHERE created_at BETWEEN $first AND $last AND player_id IN (SELECT unnest($names::TEXT[]));
