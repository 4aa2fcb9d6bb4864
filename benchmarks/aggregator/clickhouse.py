"""The same dedup and counts by ClickHouse's engine: `PYTHON_WITH_CHDB clickhouse.py NDJSON FOLDER` prints seconds and counts as JSON.

It stands alone, so that a Python runs it that has chdb and nothing of this project.
"""

from __future__ import annotations

import json
import sys
import time

from chdb import session  # type: ignore[import-not-found]

_COLUMNS = (
    "id String, event_type String, player_id String, banner_tag String, metadata String, source_ip String, "
    "user_agent String, created_at DateTime64(3, 'UTC')"
)
_TABLE = "ENGINE = MergeTree ORDER BY tuple() AS"
_STATEMENTS = [
    f"CREATE TABLE received ({_COLUMNS}) ENGINE = MergeTree ORDER BY tuple()",
    """INSERT INTO received SELECT * FROM file('{file}', 'JSONEachRow', '{columns}')
       SETTINGS date_time_input_format = 'best_effort', input_format_json_read_objects_as_strings = 1""",
    f"""CREATE TABLE events {_TABLE} SELECT toDate(created_at) AS event_date, * FROM received
        ORDER BY created_at, banner_tag LIMIT 1 BY event_date, id""",
    f"""CREATE TABLE counted_events {_TABLE} SELECT event_date, event_type, player_id,
        argMin((banner_tag, id, created_at), (created_at, id)) AS first FROM events GROUP BY ALL""",
    f"""CREATE TABLE event_summary {_TABLE}
        SELECT event_date, event_type, first.1 AS banner_tag, count() AS count FROM counted_events GROUP BY ALL""",
    f"""CREATE TABLE daily_metrics {_TABLE} SELECT event_date, event_type, sum(count) AS count FROM event_summary GROUP BY ALL""",
    f"""CREATE TABLE players {_TABLE} SELECT player_id, min(created_at) AS first_seen, max(created_at) AS last_event_at,
        minIf(created_at, event_type = 'registration') AS registration_at, minIf(created_at, event_type = 'deposit') AS deposit_at,
        uniqExactIf(event_date, event_type = 'deposit') AS total_deposits FROM events GROUP BY player_id""",
]


def main() -> None:
    file, folder = sys.argv[1:]
    engine = session.Session(folder)
    engine.query("CREATE DATABASE pixels ENGINE = Atomic")
    engine.query("USE pixels")
    began, cpu_before = time.monotonic(), time.process_time()
    for statement in _STATEMENTS:
        columns = _COLUMNS.replace("'", "\\'")
        engine.query(statement.format(file=file, columns=columns) if "{file}" in statement else statement)
    seconds, cpu_seconds = time.monotonic() - began, time.process_time() - cpu_before
    counts = engine.query(
        "SELECT event_date, event_type, toInt64(count) FROM daily_metrics ORDER BY ALL", "JSONCompactEachRow"
    )
    rows = [json.loads(line) for line in str(counts).splitlines() if line]
    print(
        json.dumps(
            {
                "seconds": seconds,
                "cpu_seconds": cpu_seconds,
                "daily_metrics": [[day, kind, int(count)] for day, kind, count in rows],
            }
        )
    )


if __name__ == "__main__":
    main()
