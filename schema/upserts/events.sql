-- In: new_events, replaced_events (the columns of an event and its event_date).
DELETE FROM events USING replaced_events AS r
WHERE events.id = r.id AND events.created_at = r.created_at;

INSERT INTO events
SELECT id, player_id, event_type, banner_tag, metadata, source_ip, user_agent, created_at FROM new_events;
