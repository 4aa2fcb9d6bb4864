-- Puts records in the place of those that name somebody in `names`.
-- In: names; forgotten_records, the same records without the names: the columns of an event and `place`, where they lie.
DELETE FROM events
WHERE player_id IN (SELECT name FROM names) OR json_extract_string(metadata, '$.s') IN (SELECT name FROM names);

DELETE FROM repeated_records
WHERE player_id IN (SELECT name FROM names) OR json_extract_string(metadata, '$.s') IN (SELECT name FROM names);

INSERT INTO events
SELECT id, player_id, event_type, banner_tag, metadata, source_ip, user_agent, created_at FROM forgotten_records
WHERE place = 'events';

INSERT INTO repeated_records
SELECT id, player_id, event_type, banner_tag, metadata, source_ip, user_agent, created_at FROM forgotten_records
WHERE place = 'repeated_records';
