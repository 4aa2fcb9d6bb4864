-- How many keys have a row in differing_rows. In: $key, the names of the key's columns.
SELECT count(DISTINCT row(*COLUMNS(lambda name: list_contains($key, name)))) FROM differing_rows;
