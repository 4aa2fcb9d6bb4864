"""Change one row of a warehouse behind the aggregator's back; imports nothing of the project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

KEYS = {
    "counted_events": ["event_date", "event_type", "player_id"],
    "event_summary": ["event_date", "event_type", "banner_tag"],
    "daily_metrics": ["event_date", "event_type"],
    "players": ["player_id"],
    "visitor_links": ["visitor_key"],
    "counted_deposits": ["player_id", "txid", "event_id"],
    "daily_accounting": ["event_date", "event_type", "banner_tag"],
    "daily_refusals": ["event_date", "reason"],
}
"""The tables that can be computed anew, and what tells their rows apart."""

_OTHER = {
    "BIGINT": "{} + 1",
    "VARCHAR": "coalesce({} || '!', '!')",
    "DATE": "{} + 1",
    "TIMESTAMP WITH TIME ZONE": "coalesce({} + INTERVAL 1 MILLISECOND, TIMESTAMPTZ '2026-01-01 00:00:00+00')",
    "BOOLEAN": "NOT {}",
    "DECIMAL(18,4)": "CASE WHEN {0} IS NULL THEN 1 WHEN {0} > 1 THEN {0} - 0.0001 ELSE {0} + 1 END",
}
"""Another value of each type."""


def tables_with_rows(path: Path) -> dict[str, int]:
    """How many rows each table has that has any."""
    with duckdb.connect(str(path), read_only=True) as con:
        counts = {table: con.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0] for table in KEYS}
    return {table: count for table, count in counts.items() if count}


def ways_to_tamper(path: Path, table: str) -> list[str]:
    """The columns of a table that can be changed in a row without making it another row, and `delete`."""
    with duckdb.connect(str(path), read_only=True) as con:
        names = [name for name, *_ in con.execute(f"DESCRIBE {table}").fetchall()]
    return ["delete", *(name for name in names if name not in KEYS[table])]


def tamper(path: Path, table: str, number: int, way: str) -> dict[str, Any]:
    """Delete the `number`-th row of a table, or put another value into the column `way`; return the row's key."""
    with duckdb.connect(str(path)) as con:
        con.execute("SET TimeZone = 'UTC'")
        (ident,) = con.execute(f"SELECT rowid FROM {table} ORDER BY rowid OFFSET ? LIMIT 1", [number]).fetchall()[0]
        where = f"FROM {table} WHERE rowid = {ident}"
        key = con.execute(f"SELECT {', '.join(KEYS[table])} {where}").fetchall()[0]
        if way == "delete":
            con.execute(f"DELETE {where}")
        else:
            types = {name: kind for name, kind, *_ in con.execute(f"DESCRIBE {table}").fetchall()}
            con.execute(f"UPDATE {table} SET {way} = {_OTHER[types[way]].format(way)} WHERE rowid = {ident}")
    return dict(zip(KEYS[table], key, strict=True))
