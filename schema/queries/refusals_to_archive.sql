-- The rows of an archive file, in an order that depends on nothing but them. In: due (place, row_id).
SELECT $day::DATE AS event_date, source, "partition", "offset", reason, detail, payload, rejected_at, count
FROM rejected_events
WHERE rejected_at BETWEEN $first AND $last AND rowid IN (SELECT row_id FROM due)
ORDER BY ALL;
