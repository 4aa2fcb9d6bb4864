-- Of the keys in `visitor_keys` those that are somebody else's than the players in `names`: linked to another player, or
-- themselves the id of one who registered or deposited. Anybody can send an event that names both.
SELECT visitor_key FROM visitor_links
WHERE visitor_key IN (SELECT visitor_key FROM visitor_keys) AND player_id NOT IN (SELECT name FROM names)
UNION
SELECT player_id FROM players
WHERE player_id IN (SELECT visitor_key FROM visitor_keys)
    AND (registration_at IS NOT NULL OR deposit_at IS NOT NULL);
