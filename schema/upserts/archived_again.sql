-- Takes records that lie in the archive out of the tables. In: archived.
DELETE FROM events USING archived AS a
WHERE events.id = a.id
    AND events.created_at = a.created_at
    AND events.player_id = a.player_id
    AND events.event_type = a.event_type
    AND events.banner_tag = a.banner_tag
    AND events.metadata = a.metadata
    AND events.source_ip IS NOT DISTINCT FROM a.source_ip
    AND events.user_agent IS NOT DISTINCT FROM a.user_agent;

DELETE FROM repeated_records USING archived AS a
WHERE repeated_records.id = a.id
    AND repeated_records.created_at = a.created_at
    AND repeated_records.player_id = a.player_id
    AND repeated_records.event_type = a.event_type
    AND repeated_records.banner_tag = a.banner_tag
    AND repeated_records.metadata = a.metadata
    AND repeated_records.source_ip IS NOT DISTINCT FROM a.source_ip
    AND repeated_records.user_agent IS NOT DISTINCT FROM a.user_agent;
