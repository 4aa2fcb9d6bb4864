-- In: found_logs (source, place). Of the logs that were never read before: those in whose place another log was.
SELECT found_logs.source, found_logs.place, arg_max(log_sources.source, log_sources.first_read_at) AS former
FROM found_logs JOIN log_sources USING (place)
WHERE found_logs.source NOT IN (SELECT source FROM log_sources)
GROUP BY found_logs.source, found_logs.place
ORDER BY found_logs.place;
