-- The run's row as it stands after its last batch so far.
INSERT OR REPLACE INTO aggregation_runs (
    run_id, kind, started_at, finished_at, complete_until,
    records_read, events_stored, events_replaced, events_counted, records_repeated, repeats_stored, records_rejected,
    bots_set_aside, figures_changed, code_version
)
VALUES (
    $run_id, $kind, $started_at, $finished_at, $complete_until,
    $records_read, $events_stored, $events_replaced, $events_counted, $records_repeated, $repeats_stored, $records_rejected,
    $bots_set_aside, $figures_changed, $code_version
);
