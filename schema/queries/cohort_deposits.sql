-- The players who first registered from $start to $end in whatever time zone, a day to spare at both ends; the caller decides by
-- the local day. One row for each day with a deposit, the `nth` of the player; one without a day for who made none. Who deposited
-- before registering has that row too: such deposits are no FTD, nor are those after them repeated ones.
WITH registered AS (
    SELECT
        player_id,
        registration_at,
        coalesce(deposit_at < registration_at, false) AS deposited_before,
        -- Not a condition of the join: DuckDB then compares each player with each deposit.
        CASE WHEN deposit_at >= registration_at THEN player_id END AS depositor
    FROM players
    WHERE registration_at >= $start::TIMESTAMP AT TIME ZONE 'UTC' - INTERVAL 1 DAY
      AND registration_at < $end::TIMESTAMP AT TIME ZONE 'UTC' + INTERVAL 2 DAY
)
SELECT
    r.player_id,
    r.registration_at,
    r.deposited_before,
    d.event_date AS deposit_day,
    row_number() OVER (PARTITION BY r.player_id ORDER BY d.created_at) AS nth
FROM registered AS r
LEFT JOIN (FROM counted_events WHERE event_type = 'deposit') AS d ON d.player_id = r.depositor;
