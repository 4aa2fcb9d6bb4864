-- What the counts of refusals need of each that lies in the tables; what was refused stays where it is.
SELECT source, "partition", "offset", reason, '' AS detail, ''::BLOB AS payload, rejected_at, count FROM rejected_events;
