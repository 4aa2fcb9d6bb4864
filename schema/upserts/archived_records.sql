-- Takes the rows of an archive file out of the tables. In: due (place, row_id).
DELETE FROM events
WHERE created_at BETWEEN $first AND $last AND rowid IN (SELECT row_id FROM due WHERE place = 'events');

DELETE FROM repeated_records
WHERE created_at BETWEEN $first AND $last AND rowid IN (SELECT row_id FROM due WHERE place = 'repeated_records');
