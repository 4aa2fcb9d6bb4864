-- Times of the players who lost an event to a replacement (`replaced_events`), from the events that are stored now and
-- compete; null for a player who has none.
SELECT
    r.player_id,
    min(e.created_at) AS first_seen,
    max(e.created_at) AS last_event_at,
    min(e.created_at) FILTER (e.event_type = 'registration') AS registration_at,
    min(e.created_at) FILTER (e.event_type = 'deposit') AS deposit_at
FROM (SELECT DISTINCT player_id FROM replaced_events) AS r
LEFT JOIN events AS e
    ON e.player_id = r.player_id
    AND ($count_bots OR e.event_type <> 'visit' OR NOT regexp_matches(e.metadata, $bot_mark))
GROUP BY r.player_id;
