"""The snapshot as an analyst gets it: every table, without addresses, user agents and what refused requests said."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Lock

import duckdb

from pixels import Warehouse
from pixels.errors import NoSnapshot

_BLANKED = {
    "events": {"source_ip": "NULL", "user_agent": "NULL"},
    "repeated_records": {"source_ip": "NULL", "user_agent": "NULL"},
    "rejected_events": {"detail": "''", "payload": "''::BLOB"},
    "warehouse": {"erasure_key_check": "NULL"},
}
"""What stands in place of a column, by table."""
_LEFT_OUT = ("erasures",)
_TABLES = """
    SELECT table_name, list(column_name) FROM duckdb_columns() WHERE database_name = 'published' GROUP BY ALL ORDER BY ALL
"""
_PIECE = 1 << 20


class AnalystCopy:
    """A file of its own without a name: gone from the disk with the last who reads it, or with the process.

    Raises NoSnapshot when it cannot be made.
    """

    def __init__(self, warehouse: Warehouse, memory_limit: str) -> None:
        try:
            with tempfile.TemporaryDirectory(prefix="pixels-api-") as folder:
                path = Path(folder) / "snapshot.duckdb"
                _write(warehouse.file, path, memory_limit)
                self._file = path.open("rb", buffering=0)
        except (duckdb.Error, OSError) as error:
            raise NoSnapshot(
                f"the copy for analysts cannot be made: {error}. It needs as much room as the snapshot where TMPDIR points."
            ) from error
        self.size = os.fstat(self._file.fileno()).st_size

    def pieces(self) -> Iterator[bytes]:
        """Yield the bytes of the file; several readers may do so at once."""
        for offset in range(0, self.size, _PIECE):
            yield os.pread(self._file.fileno(), _PIECE, offset)


class AnalystCopies:
    """Makes one copy a snapshot, when it is first asked for, and lets go of the one before."""

    def __init__(self, memory_limit: str) -> None:
        self._memory_limit = memory_limit
        self._lock = Lock()
        self._newest: tuple[str, AnalystCopy] | None = None

    def of(self, warehouse: Warehouse, tag: str) -> AnalystCopy:
        """Return the copy of a snapshot, which `tag` names; who comes second waits for the first."""
        with self._lock:
            if self._newest is None or self._newest[0] != tag:
                self._newest = None  # its room on the disk is free before the next one needs it
                self._newest = (tag, AnalystCopy(warehouse, self._memory_limit))
            return self._newest[1]


def file_stamp(file: Path) -> str:
    """Return what tells a snapshot's file from another of the same number: an erasure writes it anew."""
    facts = file.stat()
    return f"{facts.st_ino:x}-{facts.st_mtime_ns:x}"


def _write(source: Path, target: Path, memory_limit: str) -> None:
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit,
        "temp_directory": str(target.parent / "spilled"),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    with closing(duckdb.connect(":memory:", config=config)) as con:
        con.execute("SET TimeZone = 'UTC'")
        for path, name, options in ((source, "published", " (READ_ONLY)"), (target, "copy", "")):
            con.execute("ATTACH '{}' AS {}{}".format(str(path).replace("'", "''"), name, options))
        con.execute("COPY FROM DATABASE published TO copy (SCHEMA)")
        for table, columns in con.execute(_TABLES).fetchall():
            if table not in _LEFT_OUT:
                blanks = [f"{value} AS {name}" for name, value in _BLANKED.get(table, {}).items() if name in columns]
                chosen = f"* REPLACE ({', '.join(blanks)})" if blanks else "*"
                con.execute(f'INSERT INTO copy."{table}" SELECT {chosen} FROM published."{table}"')  # noqa: S608 - our own names
        con.execute("DETACH copy")
