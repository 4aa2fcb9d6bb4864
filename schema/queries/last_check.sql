-- The newest comparison of the aggregates with what the records give.
SELECT checked_at, snapshot, is_equal, differences, code_version FROM rebuild_checks
ORDER BY checked_at DESC
LIMIT 1;
