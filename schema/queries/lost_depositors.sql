-- Players who lost the deposit that stood for a transaction (`replaced_events`).
SELECT DISTINCT d.player_id FROM counted_deposits AS d
JOIN replaced_events AS r ON d.event_id = r.id AND d.created_at = r.created_at AND d.player_id = r.player_id;
