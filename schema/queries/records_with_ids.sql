-- The records that lie in the tables, from $first to $last, whose id is one of $ids.
SELECT id, player_id, event_type, banner_tag, metadata, source_ip, user_agent, created_at FROM events
WHERE created_at BETWEEN $first AND $last AND id IN (SELECT unnest($ids::TEXT[]))
UNION ALL
SELECT id, player_id, event_type, banner_tag, metadata, source_ip, user_agent, created_at FROM repeated_records
WHERE created_at BETWEEN $first AND $last AND id IN (SELECT unnest($ids::TEXT[]));
