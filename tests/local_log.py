"""Append records to an embedded log the way schema/local_log.sql says; imports nothing of the project."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

SCHEMA = Path(__file__).parents[1] / "schema" / "local_log.sql"


def append(
    home: Path,
    values: Iterable[bytes | dict[str, Any]],
    *,
    slot: int = 0,
    table: str = "events_queue",
    at_ms: int,
    folder: str = "log",
) -> None:
    """Append values (dicts are written as JSON) to a slot's file; `folder` "spool": what waits for Kafka."""
    path = home / folder / f"slot-{slot:03d}.sqlite"
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path)
    with db:
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(SCHEMA.read_text("utf-8"))
        if db.execute("SELECT count(*) FROM log_identity").fetchone() == (0,):
            db.execute("INSERT INTO log_identity VALUES (?)", [str(uuid.uuid4())])
        db.executemany(
            f"INSERT INTO {table} (appended_at_ms, record_key, record_value) VALUES (?, NULL, ?)",
            [(at_ms, v if isinstance(v, bytes) else json.dumps(v).encode()) for v in values],
        )
    db.close()


def copy_slot(home: Path, slot: int, copy: int) -> None:
    """Copy a slot's file as a log of its own: other name, other identity, the same records."""
    source, target = (home / "log" / f"slot-{number:03d}.sqlite" for number in (slot, copy))
    with closing(sqlite3.connect(source)) as db, closing(sqlite3.connect(target)) as other:
        db.backup(other)
        with other:
            other.execute("UPDATE log_identity SET log_uuid = ?", [str(uuid.uuid4())])
