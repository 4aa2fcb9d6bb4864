-- counted_minutes
-- Counted events by type and minute, UTC, from day $start to $end, both included. The caller tells the local hour: here an instant is
-- never cast to a local time.
SELECT event_type, date_trunc('minute', created_at) AS minute, count(*) AS count
FROM counted_events
WHERE event_date BETWEEN $start AND $end
GROUP BY ALL;
