-- Who visited through which banner from $start to $end, both included.
SELECT DISTINCT player_id, banner_tag
FROM counted_events
WHERE event_type = 'visit' AND event_date BETWEEN $start AND $end;
