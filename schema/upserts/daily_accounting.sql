-- What became of every record of a day, type and banner.
-- In:  new_events, new_repeats, replaced_events; competing_new, competing_lost, counted_before, counted_after,
--      recounted_keys; recounted_events: the events of those keys that are stored now and compete.
-- Of the other touched keys the new events are enough, and the event that counted before: the rest stays what it was.
CREATE OR REPLACE TEMP TABLE competing_before AS
SELECT event_date, event_type, player_id, banner_tag, id AS event_id
FROM recounted_events ANTI JOIN competing_new USING (event_date, id)
UNION ALL
SELECT event_date, event_type, player_id, banner_tag, id FROM competing_lost
UNION ALL
SELECT event_date, event_type, player_id, banner_tag, event_id
FROM counted_before ANTI JOIN recounted_keys USING (event_date, event_type, player_id);

CREATE OR REPLACE TEMP TABLE competing_after AS
SELECT event_date, event_type, player_id, banner_tag, id AS event_id FROM recounted_events
UNION ALL
SELECT event_date, event_type, player_id, banner_tag, id
FROM competing_new ANTI JOIN recounted_keys USING (event_date, event_type, player_id)
UNION ALL
SELECT event_date, event_type, player_id, banner_tag, event_id
FROM counted_before ANTI JOIN recounted_keys USING (event_date, event_type, player_id);

MERGE INTO daily_accounting AS d
USING (
    SELECT
        event_date,
        event_type,
        banner_tag,
        coalesce(sum(change) FILTER (outcome = 'received'), 0)::BIGINT AS received,
        coalesce(sum(change) FILTER (outcome = 'counted'), 0)::BIGINT AS counted,
        coalesce(sum(change) FILTER (outcome = 'same_player_again'), 0)::BIGINT AS same_player_again,
        coalesce(sum(change) FILTER (outcome = 'credited_to_another_banner'), 0)::BIGINT AS credited_to_another_banner,
        coalesce(sum(change) FILTER (outcome = 'same_event_again'), 0)::BIGINT AS same_event_again,
        coalesce(sum(change) FILTER (outcome = 'bots'), 0)::BIGINT AS bots
    FROM (
        SELECT event_date, event_type, banner_tag, 'received' AS outcome, 1 AS change FROM new_events
        UNION ALL
        SELECT event_date, event_type, banner_tag, 'received', 1 FROM new_repeats
        UNION ALL
        SELECT event_date, event_type, banner_tag, 'same_event_again', 1 FROM new_repeats
        UNION ALL
        SELECT event_date, event_type, banner_tag, 'same_event_again', 1 FROM replaced_events
        UNION ALL
        SELECT event_date, event_type, banner_tag, 'bots', 1 FROM new_events ANTI JOIN competing_new USING (event_date, id)
        UNION ALL
        SELECT event_date, event_type, banner_tag, 'bots', -1
        FROM replaced_events ANTI JOIN competing_lost USING (event_date, id)
        UNION ALL
        SELECT
            event_date,
            event_type,
            e.banner_tag,
            CASE
                WHEN e.event_id = c.event_id THEN 'counted'
                WHEN e.banner_tag = c.banner_tag THEN 'same_player_again'
                ELSE 'credited_to_another_banner'
            END,
            1
        FROM competing_after AS e JOIN counted_after AS c USING (event_date, event_type, player_id)
        UNION ALL
        SELECT
            event_date,
            event_type,
            e.banner_tag,
            CASE
                WHEN e.event_id = c.event_id THEN 'counted'
                WHEN e.banner_tag = c.banner_tag THEN 'same_player_again'
                ELSE 'credited_to_another_banner'
            END,
            -1
        FROM competing_before AS e JOIN counted_before AS c USING (event_date, event_type, player_id)
    )
    GROUP BY event_date, event_type, banner_tag
) AS n
ON d.event_date = n.event_date AND d.event_type = n.event_type AND d.banner_tag = n.banner_tag
WHEN MATCHED THEN UPDATE SET
    received = d.received + n.received,
    counted = d.counted + n.counted,
    same_player_again = d.same_player_again + n.same_player_again,
    credited_to_another_banner = d.credited_to_another_banner + n.credited_to_another_banner,
    same_event_again = d.same_event_again + n.same_event_again,
    bots = d.bots + n.bots
WHEN NOT MATCHED THEN INSERT VALUES (
    n.event_date, n.event_type, n.banner_tag, n.received, n.counted, n.same_player_again, n.credited_to_another_banner,
    n.same_event_again, n.bots
);
