-- As all_refusals, of one of the archive's files.
SELECT source, "partition", "offset", reason, '' AS detail, ''::BLOB AS payload, rejected_at, count FROM read_parquet($file);
