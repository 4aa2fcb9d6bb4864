-- In which seconds (Unix time) the tables hold records of before an instant.
SELECT epoch_ms(created_at) // 1000 AS second FROM events WHERE created_at < $before
UNION
SELECT epoch_ms(created_at) // 1000 FROM repeated_records WHERE created_at < $before;
