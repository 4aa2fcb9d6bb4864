-- Empties refusals: reason, position, time and count stay. In: naming ("row").
UPDATE rejected_events SET payload = ''::BLOB, detail = $blank FROM naming AS n WHERE rejected_events.rowid = n."row";
