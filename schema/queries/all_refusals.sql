-- Every refusal that lies in the table.
SELECT source, "partition", "offset", reason, detail, payload, rejected_at, count FROM rejected_events;
