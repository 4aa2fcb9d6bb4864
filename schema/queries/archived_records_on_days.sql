-- The archive's files that hold records of these days.
SELECT file FROM archive_files
WHERE kind = 'records' AND event_date IN (SELECT unnest($days::DATE[]))
ORDER BY file;
