-- The archive's files of a kind that hold rows from $first to $last.
SELECT file FROM archive_files
WHERE kind = $kind AND last_at >= $first AND first_at <= $last
ORDER BY file;
