-- How many people there are up to the day $on, included, by whether they registered and the last day on which they deposited.
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
SELECT is_registered, last_deposit_day, count(*) AS people
FROM people
GROUP BY ALL
ORDER BY ALL;
