-- How many people there are up to the day $on, included, by segment.
-- A person is a player together with the visitor keys that became that player.
WITH people AS (
    SELECT
        coalesce(k.player_id, c.player_id) AS person,
        bool_or(c.event_type = 'registration') AS is_registered,
        max(c.event_date) FILTER (c.event_type = 'deposit') AS last_deposit_day
    FROM counted_events AS c
    LEFT JOIN memory.linked_keys AS k ON k.visitor_key = c.player_id
    WHERE c.event_date <= $on
    GROUP BY person
)
SELECT memory.segment_of(is_registered, $on - last_deposit_day, $lapsed_after) AS segment, count(*) AS people
FROM people
GROUP BY segment;
