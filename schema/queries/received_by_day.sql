-- How many records were received of each day, from $start to $end, both included.
SELECT event_date, sum(received)::BIGINT AS received
FROM daily_accounting
WHERE event_date BETWEEN $start AND $end
GROUP BY event_date
ORDER BY event_date;
