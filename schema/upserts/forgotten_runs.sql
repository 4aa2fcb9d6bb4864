-- Passes that found nothing and ended before $before go, a day's worth at once, so that most passes have none to delete.
-- The newest pass says when the last one was, the newest run until when all is stored: both stay, whatever they found.
WITH empty_runs AS (
    SELECT run_id, finished_at FROM aggregation_runs
    WHERE kind = 'pass'
        AND records_read = 0
        AND NOT figures_changed
        AND finished_at < $before
        AND run_id < (SELECT max(run_id) FROM aggregation_runs WHERE kind = 'pass')
        AND run_id NOT IN (SELECT run_id FROM log_gaps)
)
DELETE FROM aggregation_runs
WHERE run_id IN (SELECT run_id FROM empty_runs) AND (SELECT min(finished_at) FROM empty_runs) < $day_before;
