"""The one package that writes DuckDB: the warehouse, its migrations, and batches, each in one transaction."""
