-- The players who first registered from $start to $end in whatever time zone, a day to spare at both ends; the caller decides by
-- the local day. One row for each day with a deposit, the `nth` of the player; one without a day for who made none. Who deposited
-- before registering has that row too: such deposits are no FTD, nor are those after them repeated ones.
SELECT
    p.player_id,
    p.registration_at,
    coalesce(p.deposit_at < p.registration_at, false) AS deposited_before,
    d.event_date AS deposit_day,
    row_number() OVER (PARTITION BY p.player_id ORDER BY d.created_at) AS nth
FROM players AS p
LEFT JOIN counted_events AS d
    ON d.player_id = p.player_id AND d.event_type = 'deposit' AND p.deposit_at >= p.registration_at
WHERE p.registration_at >= $start::TIMESTAMP AT TIME ZONE 'UTC' - INTERVAL 1 DAY
  AND p.registration_at < $end::TIMESTAMP AT TIME ZONE 'UTC' + INTERVAL 2 DAY;
