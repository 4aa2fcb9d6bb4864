-- First registrations and first deposits of the days $start to $end in whatever time zone, a day to spare at both ends, and the
-- counted events that they are. The caller decides by the local calendar day.
WITH milestones AS (
    SELECT player_id, registration_at, deposit_at
    FROM players
    WHERE (registration_at >= $start::TIMESTAMP AT TIME ZONE 'UTC' - INTERVAL 1 DAY
           AND registration_at < $end::TIMESTAMP AT TIME ZONE 'UTC' + INTERVAL 2 DAY)
       OR (deposit_at >= $start::TIMESTAMP AT TIME ZONE 'UTC' - INTERVAL 1 DAY
           AND deposit_at < $end::TIMESTAMP AT TIME ZONE 'UTC' + INTERVAL 2 DAY)
)
SELECT
    m.registration_at,
    r.banner_tag AS registration_banner,
    r.event_id AS registration_id,
    m.deposit_at,
    d.banner_tag AS deposit_banner,
    d.event_id AS deposit_id
FROM milestones AS m
LEFT JOIN (FROM counted_events WHERE event_type = 'registration') AS r
    ON r.player_id = m.player_id AND r.created_at = m.registration_at
LEFT JOIN (FROM counted_events WHERE event_type = 'deposit') AS d
    ON d.player_id = m.player_id AND d.created_at = m.deposit_at;
