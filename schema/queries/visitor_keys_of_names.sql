-- Visitor keys of the players in `names`: those linked to them and those that their records carry.
SELECT visitor_key FROM visitor_links WHERE player_id IN (SELECT name FROM names)
UNION
SELECT json_extract_string(metadata, '$.s') FROM events
WHERE player_id IN (SELECT name FROM names) AND json_extract_string(metadata, '$.s') <> ''
UNION
SELECT json_extract_string(metadata, '$.s') FROM repeated_records
WHERE player_id IN (SELECT name FROM names) AND json_extract_string(metadata, '$.s') <> '';
