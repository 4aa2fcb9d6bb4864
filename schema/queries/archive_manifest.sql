-- What the archive's files are said to hold, day by day.
SELECT file, kind, event_date, row_count, byte_count, sha256 FROM archive_files
ORDER BY kind, event_date, file;
