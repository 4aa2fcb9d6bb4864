-- Every record that lies in the tables.
FROM events
UNION ALL
FROM repeated_records;
