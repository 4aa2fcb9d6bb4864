-- Minima, maxima and counts of each player's events.
-- In: players_new, the times of the new events that compete; counted_gone, counted_came; players_left: the times of players
-- who may have lost one with a replaced event, from the events that are stored now and compete; null for a player who has none.
-- total_deposits changes by the counted deposits that came or went, never recounted from history.
MERGE INTO players AS p
USING players_new AS n
ON p.player_id = n.player_id
WHEN MATCHED THEN UPDATE SET
    first_seen = least(p.first_seen, n.first_seen),
    last_event_at = greatest(p.last_event_at, n.last_event_at),
    registration_at = least(p.registration_at, n.registration_at),
    deposit_at = least(p.deposit_at, n.deposit_at)
WHEN NOT MATCHED THEN INSERT VALUES (n.player_id, n.first_seen, n.last_event_at, n.registration_at, n.deposit_at, 0);

MERGE INTO players AS p
USING players_left AS n
ON p.player_id = n.player_id
WHEN MATCHED AND n.first_seen IS NULL THEN DELETE
WHEN MATCHED THEN UPDATE SET
    first_seen = n.first_seen,
    last_event_at = n.last_event_at,
    registration_at = n.registration_at,
    deposit_at = n.deposit_at;

MERGE INTO players AS p
USING (
    SELECT player_id, sum(change)::BIGINT AS change
    FROM (
        SELECT player_id, 1 AS change FROM counted_came WHERE event_type = 'deposit'
        UNION ALL
        SELECT player_id, -1 FROM counted_gone WHERE event_type = 'deposit'
    )
    GROUP BY player_id
    HAVING sum(change) <> 0
) AS d
ON p.player_id = d.player_id
WHEN MATCHED THEN UPDATE SET total_deposits = p.total_deposits + d.change;
