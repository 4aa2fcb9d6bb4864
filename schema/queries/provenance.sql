-- What this warehouse is, by which rule it counts, what its logs lost before they were read, and what it has archived.
SELECT
    warehouse_uuid, created_at AS made_at, count_bots,
    (SELECT coalesce(sum(next_offset - first_offset), 0) FROM log_gaps)::BIGINT AS records_lost,
    (SELECT count(*) FROM archive_files) AS archived_files,
    (SELECT coalesce(sum(byte_count), 0) FROM archive_files)::BIGINT AS archived_bytes
FROM warehouse;
