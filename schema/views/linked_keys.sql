-- The visitor keys that became a player, each with that player. A key that some player registered under is that player's id
-- and stays. Made by each reader beside the snapshot, which is named `snapshot`.
CREATE VIEW linked_keys AS
SELECT visitor_key, player_id
FROM snapshot.visitor_links
WHERE visitor_key NOT IN (SELECT player_id FROM snapshot.players WHERE registration_at IS NOT NULL);
