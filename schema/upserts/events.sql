-- In: new_events, new_repeats (the columns of an event and its event_date), replaced_events (also `place`).
-- An archived event that is replaced stays in its file: which record of a day and id is the event follows from all of them.
DELETE FROM events USING replaced_events AS r
WHERE events.id = r.id AND events.created_at = r.created_at;

INSERT INTO repeated_records
SELECT id, player_id, event_type, banner_tag, metadata, source_ip, user_agent, created_at FROM new_repeats
UNION ALL
SELECT id, player_id, event_type, banner_tag, metadata, source_ip, user_agent, created_at FROM replaced_events
WHERE place = 'events';

INSERT INTO events
SELECT id, player_id, event_type, banner_tag, metadata, source_ip, user_agent, created_at FROM new_events;
