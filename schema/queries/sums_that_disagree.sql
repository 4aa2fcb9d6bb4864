-- Figures that are sums of others, and are not.
SELECT *
FROM (
    SELECT 'daily_metrics of event_summary' AS sum, event_date, event_type, NULL AS banner_tag,
        m.count AS stored, s.count AS recomputed
    FROM daily_metrics AS m
    FULL JOIN (
        SELECT event_date, event_type, sum(count)::BIGINT AS count FROM event_summary GROUP BY ALL
    ) AS s USING (event_date, event_type)
    UNION ALL
    SELECT 'counted of daily_accounting as in event_summary', event_date, event_type, banner_tag, a.counted, s.count
    FROM (FROM daily_accounting WHERE counted <> 0) AS a
    FULL JOIN event_summary AS s USING (event_date, event_type, banner_tag)
    UNION ALL
    SELECT 'received of daily_accounting', event_date, event_type, banner_tag, received,
        counted + same_player_again + credited_to_another_banner + same_event_again + bots
    FROM daily_accounting
)
WHERE stored IS DISTINCT FROM recomputed
ORDER BY ALL;
