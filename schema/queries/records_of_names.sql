-- Stored records that name somebody in `names`, as player or as visitor key, and where they lie.
SELECT e.*, 'events' AS place FROM events AS e
WHERE player_id IN (SELECT name FROM names) OR json_extract_string(metadata, '$.s') IN (SELECT name FROM names)
UNION ALL
SELECT r.*, 'repeated_records' FROM repeated_records AS r
WHERE player_id IN (SELECT name FROM names) OR json_extract_string(metadata, '$.s') IN (SELECT name FROM names);
