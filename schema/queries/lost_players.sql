-- Players one of whose times may go with an event they lost (`competing_lost`).
SELECT DISTINCT p.player_id FROM players AS p
JOIN competing_lost AS r USING (player_id)
WHERE r.created_at IN (p.first_seen, p.last_event_at, p.registration_at, p.deposit_at);
