-- How many records and refusals the aggregates follow from.
SELECT
    (SELECT count(*) FROM events) + (SELECT count(*) FROM repeated_records) + (SELECT count(*) FROM rejected_events)
    + (SELECT coalesce(sum(row_count), 0)::BIGINT FROM archive_files);
