-- The person that $id is: the player, and the visitor keys that became that player.
WITH person AS (
    SELECT coalesce((SELECT player_id FROM memory.linked_keys WHERE visitor_key = $id), $id) AS player_id
)
SELECT
    p.player_id AS person,
    coalesce((SELECT list(k.visitor_key) FROM memory.linked_keys AS k WHERE k.player_id = p.player_id), []) AS visitor_keys
FROM person AS p;
