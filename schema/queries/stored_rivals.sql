-- Stored events that share an id with the batch (`around`). The range of created_at keeps the scan bounded.
SELECT e.* FROM events AS e
SEMI JOIN around USING (id)
WHERE e.created_at >= $1 AND e.created_at <= $2;
