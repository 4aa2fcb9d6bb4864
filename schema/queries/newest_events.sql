-- The newest $number events, and whether each is the one that counts for its player, day and type.
WITH newest AS (
    SELECT id, event_type, player_id, banner_tag, created_at
    FROM events
    ORDER BY created_at DESC, id DESC
    LIMIT $number
)
SELECT n.created_at, n.event_type, n.player_id, n.banner_tag, n.id, c.event_id IS NOT NULL AS counted
FROM newest AS n
LEFT JOIN (
    SELECT event_id, player_id, event_type, created_at
    FROM counted_events
    WHERE event_date >= (SELECT min(created_at)::DATE - 1 FROM newest)
) AS c
    ON c.event_id = n.id AND c.player_id = n.player_id AND c.event_type = n.event_type AND c.created_at = n.created_at
ORDER BY n.created_at DESC, n.id DESC;
