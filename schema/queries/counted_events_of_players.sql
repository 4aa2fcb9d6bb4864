-- Which events count for the players in $names, on the days from $start to $end, both included.
SELECT event_date, event_type, player_id, event_id, banner_tag, created_at FROM counted_events
WHERE event_date BETWEEN $start AND $end AND player_id IN (SELECT unnest($names::TEXT[]));
