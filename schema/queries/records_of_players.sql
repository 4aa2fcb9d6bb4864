-- The records that lie in the tables, from $first to $last, whose player is one of $names.
-- A few names are looked for in each row, which is quicker than a join; many are not.
SELECT id, player_id, event_type, banner_tag, metadata, source_ip, user_agent, created_at FROM events
WHERE created_at BETWEEN $first AND $last
  AND (len($names::TEXT[]) > 20 OR list_contains($names::TEXT[], player_id))
  AND player_id IN (SELECT unnest($names::TEXT[]))
UNION ALL
SELECT id, player_id, event_type, banner_tag, metadata, source_ip, user_agent, created_at FROM repeated_records
WHERE created_at BETWEEN $first AND $last AND player_id IN (SELECT unnest($names::TEXT[]));
