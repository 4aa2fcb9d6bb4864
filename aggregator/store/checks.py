"""What comparisons of the figures with the records found, so that readers can be told."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

import duckdb

from pixels import __version__
from pixels.resources import sql


@dataclass(frozen=True)
class Check:
    """One comparison, of the figures of a snapshot."""

    checked_at: datetime
    snapshot: int
    equal: bool
    differences: dict[str, int]
    """Rows that differ, by table."""
    code_version: str = __version__


def save_check(con: duckdb.DuckDBPyConnection, check: Check, seconds: float) -> None:
    """Write it down; it took so long."""
    row = [check.checked_at, check.snapshot, check.equal, json.dumps(check.differences), seconds, check.code_version]
    con.execute("INSERT INTO rebuild_checks VALUES (?, ?, ?, ?, ?, ?)", row)


def last_check(con: duckdb.DuckDBPyConnection) -> Check | None:
    """Return the newest one; None when there was none."""
    row = con.execute(sql("queries/last_check.sql")).fetchone()
    if row is None:
        return None
    checked_at, snapshot, equal, differences, code_version = row
    return Check(checked_at, snapshot, equal, json.loads(differences), code_version)
