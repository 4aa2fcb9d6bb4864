-- What `current.json` says of a snapshot, read from the snapshot itself.
SELECT
    coalesce((SELECT max(run_id) FROM aggregation_runs WHERE figures_changed), 0)::BIGINT AS snapshot,
    coalesce((SELECT max(finished_at) FROM aggregation_runs WHERE figures_changed), w.created_at) AS as_of,
    -- A pass drains all that the log held when it started.
    coalesce((SELECT max(started_at) FROM aggregation_runs), w.created_at) AS complete_until,
    coalesce((SELECT max(finished_at) FROM aggregation_runs), w.created_at) AS last_pass_at,
    coalesce((SELECT max(finished_at) FROM aggregation_runs), w.created_at) AS checked_at,
    (SELECT max(last_event_at) FROM players) AS last_event_at,
    w.time_zone,
    w.is_demo,
    (SELECT count(*) FROM schema_migrations) AS schema_version,
    coalesce((SELECT arg_max(code_version, run_id) FROM aggregation_runs), '') AS code_version
FROM warehouse AS w;
