-- The earliest event of each day, type and player counts, by (created_at, id).
-- In:  new_events, replaced_events, without those that do not compete (visits of crawlers, unless they count);
--      competing_events: for the keys of replaced events, every event that is stored now and competes.
-- Out: counted_before and counted_after, the rows of the touched keys; the rollups below live on their difference.
CREATE OR REPLACE TEMP TABLE lost_keys AS
SELECT DISTINCT event_date, event_type, player_id FROM replaced_events;

CREATE OR REPLACE TEMP TABLE touched_keys AS
SELECT DISTINCT event_date, event_type, player_id FROM new_events
UNION
FROM lost_keys;

CREATE OR REPLACE TEMP TABLE counted_before AS
SELECT c.* FROM counted_events AS c
SEMI JOIN touched_keys USING (event_date, event_type, player_id)
WHERE c.event_date >= (SELECT min(event_date) FROM touched_keys)
  AND c.event_date <= (SELECT max(event_date) FROM touched_keys);

CREATE OR REPLACE TEMP TABLE counted_after AS
SELECT event_date, event_type, player_id, banner_tag, event_id, created_at
FROM (
    SELECT event_date, event_type, player_id, banner_tag, id AS event_id, created_at FROM new_events
    UNION
    SELECT event_date, event_type, player_id, banner_tag, id AS event_id, created_at FROM competing_events
    UNION
    SELECT * FROM counted_before ANTI JOIN lost_keys USING (event_date, event_type, player_id)
)
QUALIFY row_number() OVER (PARTITION BY event_date, event_type, player_id ORDER BY created_at, event_id) = 1;

DELETE FROM counted_events
USING (FROM counted_before EXCEPT FROM counted_after) AS gone
WHERE counted_events.event_date = gone.event_date
  AND counted_events.event_type = gone.event_type
  AND counted_events.player_id = gone.player_id;

INSERT INTO counted_events
FROM counted_after EXCEPT FROM counted_before;
