"""What is stored beside what the records give: row by row, in both directions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import duckdb

from aggregator.store.recomputed import KEYS, RECOMPUTED, STORED
from pixels.resources import sql

SHOWN = 20
"""How many differences of a table are shown; all are counted."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Difference:
    """A key whose rows differ: those that are only in the warehouse, and those that the records give and it lacks.

    A row that stands there too often is listed as often as it is too much.
    """

    key: Row
    stored: list[Row]
    recomputed: list[Row]


@dataclass(frozen=True)
class Compared:
    """One table: how many rows the warehouse holds (None: of several), how many keys differ, and the first of those."""

    table: str
    rows: int | None
    differing: int = 0
    first: list[Difference] = field(default_factory=list)


def compared(con: duckdb.DuckDBPyConnection, on_table: Callable[[], None] = lambda: None) -> list[Compared]:
    """Compare every table that follows from the records, on a connection that `recomputed` gave; then the sums."""
    tables = []
    for table, key in KEYS.items():
        tables.append(_compared_table(con, table, key))
        on_table()
    return [*tables, _compared_sums(con)]


def _compared_table(con: duckdb.DuckDBPyConnection, table: str, key: list[str]) -> Compared:
    stored = f"{STORED}.{table}"
    (rows,) = con.execute("SELECT count(*) FROM query_table($stored)", {"stored": stored}).fetchone() or (0,)
    con.execute(sql("queries/differing_rows.sql"), {"stored": stored, "recomputed": f"{RECOMPUTED}.{table}"})
    (differing,) = con.execute(sql("queries/differing_keys.sql"), {"key": key}).fetchone() or (0,)
    if not differing:
        return Compared(table, rows)
    return Compared(table, rows, differing, _first(con, key))


def _first(con: duckdb.DuckDBPyConnection, key: list[str]) -> list[Difference]:
    found: dict[tuple[Any, ...], Difference] = {}
    shown = con.execute(sql("queries/first_differing_rows.sql"), {"key": key, "keys": SHOWN})
    names = [column[0] for column in shown.description or ()]
    for values in shown.fetchall():
        row = dict(zip(names, values, strict=True))
        surplus = row.pop("surplus")
        ident = {name: row[name] for name in key}
        difference = found.setdefault(tuple(ident.values()), Difference(ident, [], []))
        rest = {name: value for name, value in row.items() if name not in key}
        side = difference.stored if surplus > 0 else difference.recomputed
        side += [rest] * min(abs(surplus), SHOWN)
    return list(found.values())


def _compared_sums(con: duckdb.DuckDBPyConnection) -> Compared:
    """Look for stored figures that are not the sum of the stored figures they should be the sum of."""
    with con.cursor() as stored:
        stored.execute(f"USE {STORED}")
        wrong = stored.execute(sql("queries/sums_that_disagree.sql")).fetchall()
    first = [
        Difference(
            {"sum": name, "event_date": day, "event_type": event_type} | ({"banner_tag": banner} if banner else {}),
            [{"total": total}],
            [{"total": expected}],
        )
        for name, day, event_type, banner, total, expected in wrong[:SHOWN]
    ]
    return Compared("sums", None, len(wrong), first)
