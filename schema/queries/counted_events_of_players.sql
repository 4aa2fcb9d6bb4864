-- Which events count for the players in $names.
SELECT event_date, event_type, player_id, event_id, banner_tag, created_at FROM counted_events
WHERE player_id IN (SELECT unnest($names::TEXT[]));
