-- When the players who count from $start to $end counted first on any other day, by type.
SELECT event_type, player_id, min(created_at) AS first_at
FROM counted_events
SEMI JOIN (
    SELECT event_type, player_id FROM counted_events WHERE event_date BETWEEN $start AND $end
) AS of_these_days USING (event_type, player_id)
WHERE event_date NOT BETWEEN $start AND $end
GROUP BY event_type, player_id;
