-- The events that can fill a step for the people who enter from $start to $end, both included, in the order in which the
-- funnel reads them: by person, instant, place among $steps, id.
-- A person is a player together with the visitor keys that became that player. People are numbered, because the rows of
-- millions are sorted and carried on; with $named their entries carry the name. Ids
-- are long, and order nothing but events of one person, type and instant: they are read, and carried on, with $identified.
-- What cannot change a number is not sorted: events before a person's first entry, and all after it of a person without an
-- event of the second step, who goes no further. Those are most people, and sorting their events took most of the time.
WITH steps_taken AS (
    SELECT
        coalesce(l.player_id, c.player_id) AS person,
        c.event_type,
        c.created_at,
        CASE WHEN $identified THEN c.event_id END AS event_id,
        c.banner_tag,
        c.event_type = $steps[1] AND c.event_date BETWEEN $start::DATE AND $end::DATE AS in_range
    FROM counted_events AS c
    LEFT JOIN memory.linked_keys AS l ON l.visitor_key = c.player_id
    WHERE list_contains($steps::TEXT[], c.event_type)
      -- A day to spare at both ends: clocks put back at midnight make an instant later and its day earlier.
      AND c.event_date BETWEEN $start::DATE - 1 AND $end::DATE + $window_days::INTEGER + 2
),
tries AS (
    SELECT s.*, s.in_range AND coalesce(p.registration_at >= s.created_at, true) AS is_entry
    FROM steps_taken AS s
    LEFT JOIN (FROM players WHERE $entrants = 'new' AND registration_at IS NOT NULL) AS p ON p.player_id = s.person
),
entrants AS (
    SELECT
        person,
        row_number() OVER () AS number,
        min(created_at) FILTER (WHERE is_entry) AS entered_at,
        bool_or(event_type = $steps[2]) AS may_go_on
    FROM tries
    GROUP BY person
    HAVING bool_or(is_entry)
)
SELECT
    e.number AS person,
    CASE WHEN $named AND t.is_entry THEN t.person END AS player_id,
    t.event_type,
    t.created_at,
    t.event_id,
    t.banner_tag,
    t.is_entry
FROM tries AS t
JOIN entrants AS e USING (person)
WHERE t.created_at = e.entered_at OR (e.may_go_on AND t.created_at > e.entered_at)
ORDER BY e.number, t.created_at, list_position($steps::TEXT[], t.event_type), t.event_id;
