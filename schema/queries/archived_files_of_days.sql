-- The archive's files of a kind for the days from $start to $end, both included.
SELECT file FROM archive_files
WHERE kind = $kind AND event_date BETWEEN $start AND $end
ORDER BY file;
