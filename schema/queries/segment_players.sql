-- The same people one by one, with what they did up to the day $on, included.
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
GROUP BY coalesce(k.player_id, c.player_id);
