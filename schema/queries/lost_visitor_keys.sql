-- Visitor keys whose link goes with a registration that was replaced (`replaced_events`).
SELECT v.visitor_key FROM visitor_links AS v
JOIN replaced_events AS r ON v.event_id = r.id AND v.linked_at = r.created_at;
