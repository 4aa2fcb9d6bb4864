-- A visitor key belongs to the player of the earliest registration, by (created_at, id), that carries it as `s`.
-- In: new_events; lost_visitor_keys: keys whose registration was replaced; registrations_left: all registrations of those
-- that are stored now.
DELETE FROM visitor_links
USING lost_visitor_keys
WHERE visitor_links.visitor_key = lost_visitor_keys.visitor_key;

MERGE INTO visitor_links AS v
USING (
    SELECT json_extract_string(metadata, '$.s') AS visitor_key, player_id, id AS event_id, created_at AS linked_at
    FROM (
        SELECT id, player_id, metadata, created_at FROM new_events
        WHERE event_type = 'registration' AND json_extract_string(metadata, '$.s') <> ''
        UNION
        SELECT id, player_id, metadata, created_at FROM registrations_left
    )
    QUALIFY row_number() OVER (PARTITION BY json_extract_string(metadata, '$.s') ORDER BY created_at, id) = 1
) AS n
ON v.visitor_key = n.visitor_key
WHEN MATCHED AND (n.linked_at, n.event_id) < (v.linked_at, v.event_id) THEN UPDATE SET
    player_id = n.player_id, event_id = n.event_id, linked_at = n.linked_at
WHEN NOT MATCHED THEN INSERT VALUES (n.visitor_key, n.player_id, n.event_id, n.linked_at);
