-- Refusals that are refused no more, or for another reason. In: withdrawn (the columns of rejected_events and event_date).
DELETE FROM rejected_events
USING withdrawn AS w
WHERE rejected_events.source = w.source
  AND rejected_events."partition" = w."partition"
  AND rejected_events."offset" = w."offset";

MERGE INTO daily_refusals AS d
USING (SELECT event_date, reason, sum(count)::BIGINT AS count FROM withdrawn GROUP BY ALL) AS n
ON d.event_date = n.event_date AND d.reason = n.reason
WHEN MATCHED AND d.count <= n.count THEN DELETE
WHEN MATCHED THEN UPDATE SET count = d.count - n.count;
