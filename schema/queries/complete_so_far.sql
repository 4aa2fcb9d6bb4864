-- The instant before which all that was acknowledged is stored, as the newest run left it.
SELECT arg_max(coalesce(complete_until, started_at), run_id) FROM aggregation_runs;
