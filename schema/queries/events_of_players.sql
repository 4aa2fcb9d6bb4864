-- Stored events of the players in `wanted`.
SELECT e.* FROM events AS e
SEMI JOIN wanted USING (player_id)
WHERE e.created_at BETWEEN $first AND $last;
