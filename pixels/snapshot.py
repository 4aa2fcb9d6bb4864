"""One published snapshot, open read-only: a DuckDB that can reach this file and no other."""

from __future__ import annotations

import json
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import duckdb
import polars as pl

from pixels.errors import NoSnapshot, PixelsError
from pixels.resources import sql

Parameters = Mapping[str, Any] | Sequence[Any]

_ROWS_AT_ONCE = 50_000

# Table functions that change the engine's state, or run SQL that the guard below would not see. Files are closed to
# every function by the engine itself.
_REFUSED_FUNCTIONS = frozenset(
    {
        "checkpoint", "disable_logging", "disable_profiling", "enable_logging", "enable_profiling", "force_checkpoint",
        "json_execute_serialized_sql", "query", "query_table", "setseed", "truncate_duckdb_logs", "write_log",
    }
)  # fmt: skip


class SnapshotGone(NoSnapshot):
    """The snapshot's file is not there: deleted when newer ones were published, or never copied."""


class Snapshot:
    """An open snapshot file. Safe to use from several threads: every query has a cursor of its own.

    Raises SnapshotGone when the file is not there, NoSnapshot when it is damaged.
    """

    def __init__(self, file: Path, memory_limit: str) -> None:
        self.file = file
        self._lock = Lock()
        if not file.exists():
            raise SnapshotGone(f"{file} does not exist")
        self._connection = _connect(memory_limit)
        try:
            self._attach()
        except duckdb.Error as error:
            self._connection.close()
            if not file.exists():
                raise SnapshotGone(f"{file} was deleted while it was opened") from error
            raise NoSnapshot(
                f"{file} is damaged, or is no snapshot: {error}. Delete it and run `pixels aggregate`; "
                "it publishes a new one."
            ) from error

    def _attach(self) -> None:
        # Attached to a database in memory and not opened by itself: DuckDB keeps one instance per path in a process,
        # and would hand out the old file for a new one of the same name.
        path = str(self.file.resolve()).replace("'", "''")
        self._connection.execute(f"ATTACH '{path}' AS snapshot (READ_ONLY)")
        for name in ("linked_keys", "segment_of"):
            self._connection.execute(sql(f"views/{name}.sql"))
        self._connection.execute("SET GLOBAL TimeZone = 'UTC'")
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")

    def query(self, name: str, **parameters: object) -> pl.DataFrame:
        """Run `schema/queries/<name>.sql` with bound parameters."""
        with self._cursor() as cursor, self._errors_explained():
            return _run(cursor, sql(f"queries/{name}.sql"), parameters)

    def pieces(self, name: str, **parameters: object) -> Iterator[pl.DataFrame]:
        """Run the same, and yield the rows a piece at a time: for results that need not fit into memory."""
        with self._cursor() as cursor, self._errors_explained():
            for rows in cursor.execute(sql(f"queries/{name}.sql"), parameters).to_arrow_reader(_ROWS_AT_ONCE):
                yield pl.DataFrame(rows)

    def sql(self, text: str, params: Parameters | None = None) -> pl.DataFrame:
        """Run one SELECT of the user's. Raises PixelsError for anything else, and for what DuckDB refuses."""
        with self._cursor() as cursor:
            try:
                _check_select(cursor, text)
                return _plain(_run(cursor, text, params))
            except duckdb.PermissionException as error:
                raise PixelsError(
                    f"sql: a query reads the warehouse and no other file ({_first_line(error)})"
                ) from error
            except duckdb.OutOfMemoryException as error:
                raise _too_large(error) from error
            except (duckdb.Error, pl.exceptions.PolarsError, TypeError, ValueError, RuntimeError) as error:
                raise PixelsError(f"sql: {error}") from error

    def close(self) -> None:
        """Release the file. Queries under way in other threads end normally."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _errors_explained(self) -> Iterator[None]:
        try:
            yield
        except duckdb.OutOfMemoryException as error:
            raise _too_large(error) from error
        except duckdb.Error as error:
            raise NoSnapshot(f"{self.file} cannot be read: {error}") from error
        except RuntimeError as error:  # what DuckDB says to text that it cannot encode
            raise PixelsError(
                "a parameter holds text that is no Unicode, such as half of a surrogate pair: no event can carry it"
            ) from error

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._lock:
            try:
                cursor = self._connection.cursor()
            except duckdb.ConnectionException as error:
                raise PixelsError("this warehouse is closed: open it again with pixels.open()") from error
        with closing(cursor):
            cursor.execute("USE snapshot")
            yield cursor


def _connect(memory_limit: str) -> duckdb.DuckDBPyConnection:
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit,
        "temp_directory": str(Path(tempfile.gettempdir()) / f"pixels-{uuid.uuid4().hex}"),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "python_enable_replacements": False,  # a name in a query is a table, never a Python variable
    }
    return duckdb.connect(":memory:", config=config)


def _run(cursor: duckdb.DuckDBPyConnection, text: str, params: Parameters | None) -> pl.DataFrame:
    # Not cursor.sql(text, params=...): it stores the whole result before it hands it over, which made a funnel over
    # 2 million events take 3.5 times as long.
    return cursor.execute(text, params).pl()


def _check_select(cursor: duckdb.DuckDBPyConnection, text: str) -> None:
    """Refuse all but one SELECT, going by DuckDB's own parser."""
    row = cursor.execute("SELECT json_serialize_sql($text)", {"text": text}).fetchone()
    tree = json.loads(row[0]) if row else {}
    if tree.get("error_type") == "parser":
        raise PixelsError(f"sql: {tree['error_message']}")
    if len(tree.get("statements", ())) != 1:
        raise PixelsError(
            "sql: one SELECT is run, nothing else: the warehouse is read-only, and its settings are fixed "
            "(a PIVOT needs its columns listed: PIVOT t ON c IN (...))"
        )
    refused = sorted(_REFUSED_FUNCTIONS.intersection(_function_names(tree)))
    if refused:
        raise PixelsError(f"sql: {refused[0]}() is not available: a query only reads")


def _function_names(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(name := node.get("function_name"), str):
            yield name.lower()
        for child in node.values():
            yield from _function_names(child)
    elif isinstance(node, list):
        for child in node:
            yield from _function_names(child)


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Sums of integers are 128 bits wide in DuckDB, decimals in Polars, and plots cannot draw those: make them Int64."""
    for column in frame.iter_columns():
        if isinstance(column.dtype, pl.Decimal) and column.dtype.scale == 0:
            whole = column.cast(pl.Int64, strict=False)
            if whole.null_count() == column.null_count():
                frame = frame.with_columns(whole)
    return frame


def _too_large(error: Exception) -> PixelsError:
    return PixelsError(
        f"this needs more memory than PIXELS_MEMORY_LIMIT allows; raise it or ask for less ({_first_line(error)})"
    )


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
