-- Stored records that share an id with the batch (`around`), and where they lie. The range of created_at keeps the scan bounded;
-- found by their ids alone, so that of all others no other column is read.
SELECT e.*, 'events' AS place FROM events AS e
WHERE e.rowid IN (
    SELECT found.rowid FROM events AS found SEMI JOIN around USING (id)
    WHERE found.created_at BETWEEN $first AND $last
)
UNION ALL
SELECT r.*, 'repeated_records' FROM repeated_records AS r
SEMI JOIN around USING (id)
WHERE r.created_at BETWEEN $first AND $last;
