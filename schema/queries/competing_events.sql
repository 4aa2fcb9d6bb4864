-- Stored events of the players and types in `wanted`, near its days; of all others only these columns are read.
SELECT e.* FROM events AS e
WHERE e.rowid IN (
    SELECT found.rowid FROM events AS found SEMI JOIN wanted USING (player_id, event_type)
    WHERE found.created_at BETWEEN $first AND $last
);
