-- The newest $number runs, whatever they were for, the newest first. Runs of old versions do not say until when all was stored.
SELECT
    run_id, coalesce(kind, 'pass') AS kind, started_at, finished_at,
    coalesce(complete_until, started_at) AS complete_until,
    records_read, events_stored, events_counted, records_repeated, records_rejected, bots_set_aside, figures_changed, code_version
FROM aggregation_runs
ORDER BY run_id DESC
LIMIT $number;
