"""What the collector keeps on disk until Kafka takes it: acknowledged, and not counted yet."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import structlog

from aggregator.local_source import TABLES, DamagedLog, connected, slot_files

_BUSY_SECONDS = 1.0
_log = structlog.get_logger()


def complete_before(spool_dir: Path, started: datetime, known: datetime) -> datetime:
    """Return the instant before which nothing acknowledged waits in the spool, `started` at the latest.

    `known` was complete before; while a file cannot be read, nobody can say more. No trouble here fails a pass.
    Ask before the ends of the logs are fixed: what is forwarded meanwhile then lies below them.
    """
    try:
        return min([started, *(_oldest(path, started, known) for path in slot_files(spool_dir))])
    except DamagedLog as error:
        _log.warning("spool.unreadable", folder=str(spool_dir), why=str(error))
        return min(started, known)


def _oldest(path: Path, started: datetime, known: datetime) -> datetime:
    """Return when a file's oldest record was put there, `started` when it holds none, `known` when it does not tell."""
    try:
        with connected(path, timeout=_BUSY_SECONDS) as db:
            made = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            # By the offset, which is the key: a spool can be large, and is filled in the order of time.
            firsts = [
                db.execute(f"SELECT appended_at_ms FROM {table} ORDER BY record_offset LIMIT 1").fetchone()  # noqa: S608 - one of two names
                for table in made.intersection(TABLES)
            ]
    except sqlite3.Error as error:
        if not path.exists():  # emptied and gone since the folder was read
            return started
        _log.warning("spool.unreadable", file=str(path), why=str(error))
        return known
    return min((datetime.fromtimestamp(max(0, row[0]) / 1000, UTC) for row in firsts if row), default=started)
