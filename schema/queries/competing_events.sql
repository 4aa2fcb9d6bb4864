-- Stored events of the players and types in `wanted`, near its days.
SELECT e.* FROM events AS e
SEMI JOIN wanted USING (player_id, event_type)
WHERE e.created_at BETWEEN $first AND $last;
