-- What counts so far of the days, types and players in `touched`. The range of days keeps the scan bounded.
SELECT c.* FROM counted_events AS c
SEMI JOIN touched USING (event_date, event_type, player_id)
WHERE c.event_date BETWEEN $first AND $last;
