-- The rows of two tables that do not stand equally often in both: `surplus` is how often more in the stored one.
-- One grouping finds what is missing, what should not be there, what differs, and what stands twice; and it takes nulls as equal.
CREATE OR REPLACE TEMP TABLE differing_rows AS
SELECT * EXCLUDE (n), sum(n)::BIGINT AS surplus
FROM (
    SELECT *, 1 AS n FROM query_table($stored)
    UNION ALL BY NAME
    SELECT *, -1 AS n FROM query_table($recomputed)
)
GROUP BY ALL
HAVING sum(n) <> 0;
