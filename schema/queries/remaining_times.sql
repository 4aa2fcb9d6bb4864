-- Times of the players who lost an event to a replacement (`replaced_events`), from the events that are stored now and
-- compete; null for a player who has none. The mark is looked for after the join, in these players' events alone.
WITH stored AS (
    SELECT
        r.player_id,
        e.event_type,
        e.created_at,
        $count_bots OR e.event_type <> 'visit' OR NOT regexp_matches(e.metadata, $bot_mark) AS competes
    FROM (SELECT DISTINCT player_id FROM replaced_events) AS r
    LEFT JOIN events AS e USING (player_id)
)
SELECT
    player_id,
    min(created_at) FILTER (competes) AS first_seen,
    max(created_at) FILTER (competes) AS last_event_at,
    min(created_at) FILTER (event_type = 'registration') AS registration_at,
    min(created_at) FILTER (event_type = 'deposit') AS deposit_at
FROM stored
GROUP BY player_id;
