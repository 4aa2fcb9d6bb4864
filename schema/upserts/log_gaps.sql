-- In: new_gaps (source, partition, first_offset, next_offset). Committed with the offset behind it, so a gap stands here once.
INSERT INTO log_gaps SELECT source, "partition", first_offset, next_offset, $now, $run_id FROM new_gaps;
