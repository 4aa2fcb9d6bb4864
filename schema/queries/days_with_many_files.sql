-- Days that have many archive files of a kind, and when they were given the newest.
SELECT event_date AS day, max(archived_at) AS newest FROM archive_files
WHERE kind = $kind
GROUP BY event_date
HAVING count(*) >= $many;
