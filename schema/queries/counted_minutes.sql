-- counted_minutes
-- Counted events by type and minute, in milliseconds since 1970, from day $start to $end, both included. The caller tells the local
-- hour: here an instant is never cast to a local time. Whole numbers, since date_trunc asks ICU for each row and took four times as long.
WITH events AS (
    SELECT event_type, epoch_ms(created_at) AS ms
    FROM counted_events
    WHERE event_date BETWEEN $start AND $end
)
SELECT event_type, ms - (ms % 60000 + 60000) % 60000 AS minute, count(*) AS count  -- % of what lies before 1970 is negative
FROM events
GROUP BY ALL;
