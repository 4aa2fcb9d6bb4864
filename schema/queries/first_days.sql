-- The day of the first counted event of each type that has one.
SELECT event_type, min(event_date) AS first_day
FROM daily_metrics
GROUP BY event_type;
