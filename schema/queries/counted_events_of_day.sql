-- Which event counts for each player, of a day and type.
SELECT event_date, event_type, player_id, event_id, banner_tag, created_at FROM counted_events
WHERE event_date = $day AND event_type = $event_type;
