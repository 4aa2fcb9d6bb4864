-- Stored records that share an id with the batch (`around`), and where they lie. The range of created_at keeps the scan bounded.
SELECT e.*, 'events' AS place FROM events AS e
SEMI JOIN around USING (id)
WHERE e.created_at BETWEEN $first AND $last
UNION ALL
SELECT r.*, 'repeated_records' FROM repeated_records AS r
SEMI JOIN around USING (id)
WHERE r.created_at BETWEEN $first AND $last;
