-- First registrations and first deposits of the days $start to $end in whatever time zone: a day to spare at both ends.
-- The caller decides by the local calendar day; here an instant is never cast to a day.
SELECT registration_at, deposit_at
FROM players
WHERE (registration_at >= $start::TIMESTAMP AT TIME ZONE 'UTC' - INTERVAL 1 DAY
       AND registration_at < $end::TIMESTAMP AT TIME ZONE 'UTC' + INTERVAL 2 DAY)
   OR (deposit_at >= $start::TIMESTAMP AT TIME ZONE 'UTC' - INTERVAL 1 DAY
       AND deposit_at < $end::TIMESTAMP AT TIME ZONE 'UTC' + INTERVAL 2 DAY);
