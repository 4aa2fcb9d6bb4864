-- The refusals of one of the archive's files.
SELECT source, "partition", "offset", reason, detail, payload, rejected_at, count FROM read_parquet($file);
