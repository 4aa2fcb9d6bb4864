-- For each day, type and player, the one event that counts (aggregator/counting.py).
-- In: counted_gone, counted_came: the rows that are no longer right, and those that are.
DELETE FROM counted_events
USING counted_gone AS gone
WHERE counted_events.event_date = gone.event_date
  AND counted_events.event_type = gone.event_type
  AND counted_events.player_id = gone.player_id;

INSERT INTO counted_events
SELECT event_date, event_type, player_id, banner_tag, event_id, created_at FROM counted_came;
