-- Rejected records that lie in the table, from $first to $last.
SELECT source, "partition", "offset", reason, detail, payload, rejected_at, count FROM rejected_events
WHERE rejected_at BETWEEN $first AND $last;
