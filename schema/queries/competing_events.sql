-- Stored events of the players and types in `around`, near its days.
SELECT e.* FROM events AS e
SEMI JOIN around USING (player_id, event_type)
WHERE e.created_at >= $1 AND e.created_at <= $2;
