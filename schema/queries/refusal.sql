-- One rejected record, by where it stood in its log.
SELECT source, "partition", "offset", reason, detail, payload, rejected_at, count FROM rejected_events
WHERE source = $source AND "partition" = $partition AND "offset" = $offset;
