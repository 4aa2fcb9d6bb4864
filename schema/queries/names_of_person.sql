-- The person that $id is: the player, and the visitor keys that became that player. A key that some player registered
-- under is that player's id and stays.
WITH linked_keys AS (
    SELECT visitor_key, player_id
    FROM visitor_links
    WHERE visitor_key NOT IN (SELECT player_id FROM players WHERE registration_at IS NOT NULL)
),
person AS (
    SELECT coalesce((SELECT player_id FROM linked_keys WHERE visitor_key = $id), $id) AS player_id
)
SELECT
    p.player_id AS person,
    coalesce((SELECT list(k.visitor_key) FROM linked_keys AS k WHERE k.player_id = p.player_id), []) AS visitor_keys
FROM person AS p;
