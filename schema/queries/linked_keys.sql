-- The visitor keys that became a player, by player; see funnel_events.sql for those that are a player's id and stay that.
SELECT player_id, list(visitor_key ORDER BY visitor_key) AS visitor_keys
FROM visitor_links
WHERE visitor_key NOT IN (SELECT player_id FROM players WHERE registration_at IS NOT NULL)
GROUP BY player_id;
