-- The visitor keys that became a player, by player.
SELECT player_id, list(visitor_key ORDER BY visitor_key) AS visitor_keys
FROM memory.linked_keys
GROUP BY player_id;
