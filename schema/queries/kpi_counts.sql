-- Figures of the counted events from $start to $end, both included.
SELECT
    coalesce((
        SELECT sum(count) FROM daily_metrics
        WHERE event_type = 'visit' AND event_date BETWEEN $start AND $end
    ), 0)::BIGINT AS daily_unique_visitors,
    (
        SELECT count(DISTINCT player_id) FROM counted_events
        WHERE event_type = 'visit' AND event_date BETWEEN $start AND $end
    ) AS unique_visitors,
    coalesce((
        SELECT sum(count) FROM daily_metrics
        WHERE event_type = 'deposit' AND event_date BETWEEN $start AND $end
    ), 0)::BIGINT AS deposit_days;
