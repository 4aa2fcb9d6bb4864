-- Counted events by day and type: the sum of event_summary over banners. In: counted_gone, counted_came.
MERGE INTO daily_metrics AS m
USING (
    SELECT event_date, event_type, sum(change)::BIGINT AS change
    FROM (
        SELECT event_date, event_type, 1 AS change FROM counted_came
        UNION ALL
        SELECT event_date, event_type, -1 FROM counted_gone
    )
    GROUP BY ALL
    HAVING sum(change) <> 0
) AS d
ON m.event_date = d.event_date AND m.event_type = d.event_type
WHEN MATCHED AND m.count + d.change = 0 THEN DELETE
WHEN MATCHED THEN UPDATE SET count = m.count + d.change
WHEN NOT MATCHED THEN INSERT VALUES (d.event_date, d.event_type, d.change);
