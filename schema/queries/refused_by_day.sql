-- Refusals by day and reason, from $start to $end, both included.
SELECT event_date, reason, count
FROM daily_refusals
WHERE event_date BETWEEN $start AND $end
ORDER BY event_date, reason;
