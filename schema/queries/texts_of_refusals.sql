-- What was sent in each refusal, and what was said of it.
SELECT rowid AS "row", payload, detail FROM rejected_events;
