-- First registrations and first deposits of the days $start to $end in whatever time zone, a day to spare at both ends, and the
-- counted events that they are. The caller decides by the local calendar day.
-- It is quick by what it does not read: with OR in place of UNION the name of every player; events earlier or later than all the
-- milestones (none at all, where there is no milestone); and ids, which are long, but with $identified.
WITH milestones AS MATERIALIZED (
    SELECT player_id, registration_at, deposit_at
    FROM players
    WHERE registration_at >= $start::TIMESTAMP AT TIME ZONE 'UTC' - INTERVAL 1 DAY
      AND registration_at < $end::TIMESTAMP AT TIME ZONE 'UTC' + INTERVAL 2 DAY
    UNION
    SELECT player_id, registration_at, deposit_at
    FROM players
    WHERE deposit_at >= $start::TIMESTAMP AT TIME ZONE 'UTC' - INTERVAL 1 DAY
      AND deposit_at < $end::TIMESTAMP AT TIME ZONE 'UTC' + INTERVAL 2 DAY
),
registrations AS (
    SELECT player_id, created_at, banner_tag, CASE WHEN $identified THEN event_id END AS event_id
    FROM counted_events
    WHERE event_type = 'registration'
      AND created_at >= (SELECT coalesce(min(registration_at), 'infinity') FROM milestones)
      AND created_at <= (SELECT max(registration_at) FROM milestones)
),
deposits AS (
    SELECT player_id, created_at, banner_tag, CASE WHEN $identified THEN event_id END AS event_id
    FROM counted_events
    WHERE event_type = 'deposit'
      AND created_at >= (SELECT coalesce(min(deposit_at), 'infinity') FROM milestones)
      AND created_at <= (SELECT max(deposit_at) FROM milestones)
)
SELECT
    m.registration_at,
    r.banner_tag AS registration_banner,
    r.event_id AS registration_id,
    m.deposit_at,
    d.banner_tag AS deposit_banner,
    d.event_id AS deposit_id
FROM milestones AS m
LEFT JOIN registrations AS r ON r.player_id = m.player_id AND r.created_at = m.registration_at
LEFT JOIN deposits AS d ON d.player_id = m.player_id AND d.created_at = m.deposit_at;
