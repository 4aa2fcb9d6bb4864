-- The events that can fill a step for the people who enter from $start to $end, both included, in the order in which the
-- funnel reads them: by person, instant, place among $steps, id.
-- A person is a player together with the visitor keys that became that player. A key that some player registered under is
-- that player's id and stays.
WITH linked_keys AS (
    SELECT visitor_key, player_id
    FROM visitor_links
    WHERE visitor_key NOT IN (SELECT player_id FROM players WHERE registration_at IS NOT NULL)
),
steps_taken AS (
    SELECT
        coalesce(l.player_id, c.player_id) AS person,
        c.event_type,
        c.created_at,
        c.event_id,
        c.banner_tag,
        c.event_type = $steps[1] AND c.event_date BETWEEN $start::DATE AND $end::DATE AS in_range
    FROM counted_events AS c
    LEFT JOIN linked_keys AS l ON l.visitor_key = c.player_id
    WHERE c.event_type IN (SELECT unnest($steps::TEXT[]))
      -- A day to spare at both ends: clocks put back at midnight make an instant later and its day earlier.
      AND c.event_date BETWEEN $start::DATE - 1 AND $end::DATE + $window_days::INTEGER + 2
),
tries AS (
    SELECT
        s.*,
        s.in_range AND ($entrants = 'all' OR coalesce(p.registration_at >= s.created_at, true)) AS is_entry
    FROM steps_taken AS s
    LEFT JOIN players AS p ON p.player_id = s.person
)
SELECT
    dense_rank() OVER (ORDER BY person) AS person,
    event_type,
    created_at,
    CASE WHEN is_entry THEN banner_tag END AS banner_tag,
    is_entry
FROM tries
SEMI JOIN (SELECT person FROM tries WHERE is_entry) AS entrants USING (person)
ORDER BY person, created_at, list_position($steps::TEXT[], event_type), event_id;
