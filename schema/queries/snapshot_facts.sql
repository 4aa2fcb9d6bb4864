-- What `current.json` says of a snapshot, read from the snapshot itself.
-- Older snapshots lack the columns complete_until and kind: BY NAME gives them both, empty. All their runs were passes. A pass
-- drains all that the log held when it started.
WITH runs AS (
    FROM aggregation_runs
    UNION ALL BY NAME
    SELECT NULL::TIMESTAMPTZ AS complete_until, NULL::TEXT AS kind WHERE false
)
SELECT
    coalesce((SELECT max(run_id) FROM aggregation_runs WHERE figures_changed), 0)::BIGINT AS snapshot,
    coalesce((SELECT max(finished_at) FROM aggregation_runs WHERE figures_changed), w.created_at) AS as_of,
    coalesce((SELECT arg_max(coalesce(complete_until, started_at), run_id) FROM runs), w.created_at) AS complete_until,
    coalesce(
        (SELECT max(finished_at) FROM runs WHERE coalesce(kind, 'pass') = 'pass'),
        (SELECT max(finished_at) FROM aggregation_runs),
        w.created_at
    ) AS last_pass_at,
    coalesce((SELECT max(finished_at) FROM aggregation_runs), w.created_at) AS checked_at,
    (SELECT max(last_event_at) FROM players) AS last_event_at,
    w.time_zone,
    w.is_demo,
    (SELECT count(*) FROM schema_migrations) AS schema_version,
    coalesce((SELECT arg_max(code_version, run_id) FROM aggregation_runs), '') AS code_version
FROM warehouse AS w;
