-- In which seconds (Unix time) the tables hold refusals of before an instant.
SELECT DISTINCT epoch_ms(rejected_at) // 1000 AS second FROM rejected_events WHERE rejected_at < $before;
