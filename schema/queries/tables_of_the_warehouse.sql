-- The tables that a rebuilt warehouse has, by the catalogue of the one that it takes the place of.
SELECT table_name FROM duckdb_tables() WHERE database_name = $database AND NOT temporary ORDER BY table_name;
