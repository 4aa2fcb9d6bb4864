-- The first and the last day with a counted event; NULL in an empty warehouse.
SELECT min(event_date) AS first_day, max(event_date) AS last_day
FROM daily_metrics;
