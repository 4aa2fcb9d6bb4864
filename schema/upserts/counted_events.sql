-- The earliest event of each day, type and player counts, by (created_at, id).
-- In:  competing_new, competing_lost: new and replaced events, without those that do not compete (visits of crawlers,
--      unless they count); competing_events: for the keys of competing_lost, every event that is stored now and competes.
-- Out: counted_before and counted_after, the rows of the touched keys; the rollups below live on their difference.
--      recounted_keys: those that lost an event, or whose credit moved from one banner to another.
CREATE OR REPLACE TEMP TABLE lost_keys AS
SELECT DISTINCT event_date, event_type, player_id FROM competing_lost;

CREATE OR REPLACE TEMP TABLE touched_keys AS
SELECT DISTINCT event_date, event_type, player_id FROM competing_new
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
    SELECT event_date, event_type, player_id, banner_tag, id AS event_id, created_at FROM competing_new
    UNION
    SELECT event_date, event_type, player_id, banner_tag, id AS event_id, created_at FROM competing_events
    UNION
    SELECT * FROM counted_before ANTI JOIN lost_keys USING (event_date, event_type, player_id)
)
QUALIFY row_number() OVER (PARTITION BY event_date, event_type, player_id ORDER BY created_at, event_id) = 1;

CREATE OR REPLACE TEMP TABLE recounted_keys AS
FROM lost_keys
UNION
SELECT b.event_date, b.event_type, b.player_id FROM counted_before AS b
JOIN counted_after AS a USING (event_date, event_type, player_id)
WHERE a.banner_tag <> b.banner_tag;

DELETE FROM counted_events
USING (FROM counted_before EXCEPT FROM counted_after) AS gone
WHERE counted_events.event_date = gone.event_date
  AND counted_events.event_type = gone.event_type
  AND counted_events.player_id = gone.player_id;

INSERT INTO counted_events
FROM counted_after EXCEPT FROM counted_before;
