-- What the pointer says of the warehouse: its newest figure-changing run gives the snapshot's number and its `as_of`. Only a
-- pass moves `last_pass_at`: an import or an erasure says nothing of the log. Before the first pass it is the newest run.
SELECT
    coalesce((SELECT max(run_id) FROM aggregation_runs WHERE figures_changed), 0) AS snapshot,
    coalesce((SELECT max(finished_at) FROM aggregation_runs WHERE figures_changed), w.created_at) AS as_of,
    coalesce(
        (SELECT max(finished_at) FROM aggregation_runs WHERE kind = 'pass'),
        (SELECT max(finished_at) FROM aggregation_runs),
        w.created_at
    ) AS last_pass_at,
    w.time_zone,
    w.is_demo,
    (SELECT count(*) FROM schema_migrations) AS schema_version,
    (SELECT max(last_event_at) FROM players) AS last_event_at
FROM warehouse AS w;
