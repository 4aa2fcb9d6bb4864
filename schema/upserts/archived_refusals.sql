-- Takes the rows of an archive file out of the table. In: due (place, row_id).
DELETE FROM rejected_events
WHERE rejected_at BETWEEN $first AND $last AND rowid IN (SELECT row_id FROM due);
