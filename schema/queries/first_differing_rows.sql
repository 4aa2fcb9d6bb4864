-- The differing rows of the first keys, all rows of a key together. In: $key, the names of the key's columns; $keys, how many.
SELECT * EXCLUDE (key_number)
FROM (
    SELECT *, dense_rank() OVER (ORDER BY row(*COLUMNS(lambda name: list_contains($key, name)))) AS key_number
    FROM differing_rows
)
WHERE key_number <= $keys
ORDER BY key_number, surplus DESC;
