-- Counted events of a day by type: those before an instant. The earliest event counts, so later ones change nothing in it.
SELECT event_type, count(*) AS count
FROM counted_events
WHERE event_date = $day AND created_at < $until
GROUP BY event_type;
