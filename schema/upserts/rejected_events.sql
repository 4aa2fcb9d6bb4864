-- In: rejected, with event_date. A record is read once, because its offset commits with it; so nothing can stand here twice.
INSERT INTO rejected_events
SELECT source, "partition", "offset", reason, detail, payload, rejected_at, count FROM rejected;
