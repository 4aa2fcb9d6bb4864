-- deposit_transactions
-- How many transactions fall on the days $start to $end, both included.
SELECT count(*) AS deposit_transactions
FROM counted_deposits
WHERE event_date BETWEEN $start AND $end;
