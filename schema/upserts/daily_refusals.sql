-- Refusals by day and reason. In: rejected, with event_date.
MERGE INTO daily_refusals AS d
USING (SELECT event_date, reason, sum(count)::BIGINT AS count FROM rejected GROUP BY ALL) AS n
ON d.event_date = n.event_date AND d.reason = n.reason
WHEN MATCHED THEN UPDATE SET count = d.count + n.count
WHEN NOT MATCHED THEN INSERT VALUES (n.event_date, n.reason, n.count);
