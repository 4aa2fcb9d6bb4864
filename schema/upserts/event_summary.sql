-- Counted events by day, type and banner. In: counted_gone, counted_came.
MERGE INTO event_summary AS s
USING (
    SELECT event_date, event_type, banner_tag, sum(change)::BIGINT AS change
    FROM (
        SELECT event_date, event_type, banner_tag, 1 AS change FROM counted_came
        UNION ALL
        SELECT event_date, event_type, banner_tag, -1 FROM counted_gone
    )
    GROUP BY ALL
    HAVING sum(change) <> 0
) AS d
ON s.event_date = d.event_date AND s.event_type = d.event_type AND s.banner_tag = d.banner_tag
WHEN MATCHED AND s.count + d.change = 0 THEN DELETE
WHEN MATCHED THEN UPDATE SET count = s.count + d.change
WHEN NOT MATCHED THEN INSERT VALUES (d.event_date, d.event_type, d.banner_tag, d.change);
