"""The funnel by ClickHouse's `windowFunnel`: `PYTHON_WITH_CHDB clickhouse.py FOLDER ROUNDS NAME=START=END ...` prints JSON.

FOLDER holds counted_events, visitor_links and players as Parquet; they are loaded into tables of its own before the clock runs.
It stands alone, so that a Python runs it that has chdb and nothing of this project.
"""

from __future__ import annotations

import json
import sys
import time

from chdb import session  # type: ignore[import-not-found]

_TABLES = {
    "counted_events": ("player_id String, event_type LowCardinality(String), event_date Date, at UInt64", "event_date"),
    "visitor_links": ("visitor_key String, player_id String", "visitor_key"),
    "players": ("player_id String, is_registered Bool", "player_id"),
}
_FUNNEL = """
WITH links AS (
    SELECT visitor_key, player_id AS player FROM visitor_links
    WHERE visitor_key NOT IN (SELECT player_id FROM players WHERE is_registered)
)
SELECT furthest, count()
FROM (
    SELECT
        if(l.player = '', c.player_id, l.player) AS person,
        windowFunnel(604800000)(
            at, event_type = 'visit' AND event_date BETWEEN '{start}' AND '{end}', event_type = 'registration', event_type = 'deposit'
        ) AS furthest
    FROM counted_events AS c LEFT JOIN links AS l ON l.visitor_key = c.player_id
    WHERE event_date BETWEEN '{start}' AND toDate('{end}') + 8
    GROUP BY person
)
WHERE furthest > 0
GROUP BY furthest
ORDER BY furthest
"""


def main() -> None:
    folder, rounds, *ranges = sys.argv[1:]
    engine = session.Session()
    engine.query("CREATE DATABASE pixels ENGINE = Atomic")
    engine.query("USE pixels")
    for table, (columns, order) in _TABLES.items():
        engine.query(f"CREATE TABLE {table} ({columns}) ENGINE = MergeTree ORDER BY {order}")
        engine.query(f"INSERT INTO {table} SELECT * FROM file('{folder}/{table}.parquet')")
    told = {}
    for name, start, end in (given.split("=") for given in ranges):
        seconds = []
        for _ in range(int(rounds) + 1):
            began = time.monotonic()
            rows = str(engine.query(_FUNNEL.format(start=start, end=end), "JSONCompactEachRow")).splitlines()
            seconds.append(time.monotonic() - began)
        furthest = {int(step): int(people) for step, people in map(json.loads, filter(None, rows))}
        players = [sum(people for step, people in furthest.items() if step >= least) for least in (1, 2, 3)]
        told[name] = {"seconds": seconds[1:], "players": players}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
