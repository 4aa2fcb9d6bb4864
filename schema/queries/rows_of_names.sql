-- How many rows of each table that follows from the records name somebody in `names`.
SELECT 'counted_events', count(*) FROM counted_events WHERE player_id IN (SELECT name FROM names)
UNION ALL
SELECT 'players', count(*) FROM players WHERE player_id IN (SELECT name FROM names)
UNION ALL
SELECT 'visitor_links', count(*) FROM visitor_links
WHERE player_id IN (SELECT name FROM names) OR visitor_key IN (SELECT name FROM names)
UNION ALL
SELECT 'counted_deposits', count(*) FROM counted_deposits WHERE player_id IN (SELECT name FROM names);
