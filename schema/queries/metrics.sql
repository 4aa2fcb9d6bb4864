-- Daily counts by type, from $start to $end, both included.
SELECT event_date, event_type, count
FROM daily_metrics
WHERE event_date BETWEEN $start AND $end
ORDER BY event_date, event_type;
