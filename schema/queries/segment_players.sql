-- The people of $segment one by one, with what they did up to the day $on, included: the $limit who were seen last, the last first.
WITH people AS (
    SELECT
        coalesce(k.player_id, c.player_id) AS player_id,
        bool_or(c.event_type = 'registration') AS is_registered,
        min(c.created_at) AS first_seen,
        max(c.created_at) AS last_seen,
        min(c.created_at) FILTER (c.event_type = 'registration') AS registration_at,
        min(c.created_at) FILTER (c.event_type = 'deposit') AS deposit_at,
        max(c.event_date) FILTER (c.event_type = 'deposit') AS last_deposit_day
    FROM counted_events AS c
    LEFT JOIN memory.linked_keys AS k ON k.visitor_key = c.player_id
    WHERE c.event_date <= $on
    GROUP BY coalesce(k.player_id, c.player_id)
), listed AS (
    SELECT * EXCLUDE (is_registered)
    FROM people
    WHERE memory.segment_of(is_registered, $on - last_deposit_day, $lapsed_after) = $segment
    ORDER BY last_seen DESC, player_id
    LIMIT $limit
), keys AS (
    SELECT player_id, list(visitor_key ORDER BY visitor_key) AS visitor_keys
    FROM memory.linked_keys
    WHERE player_id IN (SELECT player_id FROM listed)
    GROUP BY player_id
)
SELECT listed.*, coalesce(keys.visitor_keys, []::TEXT[]) AS visitor_keys
FROM listed
LEFT JOIN keys USING (player_id)
ORDER BY last_seen DESC, player_id;
