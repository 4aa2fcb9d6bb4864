-- The records of one of the archive's files.
SELECT id, player_id, event_type, banner_tag, metadata, source_ip, user_agent, created_at FROM read_parquet($file);
