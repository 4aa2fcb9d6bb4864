CREATE TABLE IF NOT EXISTS schema_migrations (
    name TEXT PRIMARY KEY,             -- file name under schema/migrations, without .sql
    applied_at TIMESTAMPTZ NOT NULL
);
