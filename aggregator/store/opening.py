"""Opening the warehouse to write, and bringing it to rest again; migrations, and the settings it was made with."""

from __future__ import annotations

import os
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import duckdb
import polars as pl

from pixels import __version__
from pixels.config import DEMO_MARKER, Settings
from pixels.errors import ConfigurationError, PixelsError
from pixels.resources import resource_path, sql
from pixels.rules import with_day

_MIGRATIONS = "migrations"

SettingOfFigures = Literal["timezone", "count_bots"]
"""A setting that the figures depend on, so that the warehouse keeps it."""


class DamagedWarehouse(PixelsError):
    """The warehouse file cannot be opened, or was made by a newer Pixels."""

    exit_code = 74


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All of it or nothing."""
    con.execute("BEGIN TRANSACTION")
    try:
        yield
        con.execute("COMMIT")
    except BaseException:
        with suppress(duckdb.Error):  # a failed commit has rolled back already
            con.execute("ROLLBACK")
        raise


def open_for_writing(
    settings: Settings, now: datetime, changing: Collection[SettingOfFigures] = ()
) -> duckdb.DuckDBPyConnection:
    """Open the warehouse, make it when there is none, and bring its schema up to date.

    Raises ConfigurationError when PIXELS_TIMEZONE or PIXELS_COUNT_BOTS is not what the warehouse was made with, unless a
    rebuild is `changing` it; DamagedWarehouse when the file cannot be used. The caller holds the writer lock.
    """
    path = settings.warehouse_path
    if path.exists() and path.stat().st_size == 0:  # all that a full disk left of the first pass
        path.unlink()
    try:
        con = duckdb.connect(str(path))
    except duckdb.Error as error:
        raise DamagedWarehouse(
            f"{path} cannot be opened: {error}. If another program holds it, end that program; if it is damaged, "
            "move it away together with its .wal: the published snapshots are whole copies of it."
        ) from error
    try:
        configure(con, settings)
        migrate(con, now)
        _check_settings(con, settings, now, changing)
    except BaseException:
        con.close()
        raise
    return con


def is_rebuild_due(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether the aggregates lack what a migration brought."""
    (due,) = con.execute("SELECT rebuild_due FROM warehouse").fetchone() or (False,)
    return bool(due)


def configure(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Set what every connection that writes has: UTC, a limit to its memory, and a folder for what exceeds it."""
    con.execute("SET TimeZone = 'UTC'")
    con.execute("SET memory_limit = ?", [settings.memory_limit])
    con.execute("SET temp_directory = ?", [str(settings.home / "tmp")])
    con.execute("SET preserve_insertion_order = false")
    # The other cores read and decode the next batch meanwhile; and each thread that inserts leaves a row group half full,
    # which the next checkpoint writes again.
    con.execute("SET threads = ?", [max(1, (os.cpu_count() or 1) // 2)])
    con.execute("SET enable_progress_bar = false")  # stdout is for results
    # By default a large commit stops to checkpoint; publishing does it anyway.
    con.execute("SET checkpoint_threshold = '256MB'")


def migrate(con: duckdb.DuckDBPyConnection, now: datetime) -> None:
    """Bring the tables up to date. Raises DamagedWarehouse when they are newer than this version."""
    con.execute(sql("schema_migrations.sql"))
    files = sorted((resource_path("schema") / _MIGRATIONS).glob("*.sql"))
    done = {name for (name,) in con.execute("SELECT name FROM schema_migrations").fetchall()}
    unknown = done - {file.stem for file in files}
    if unknown:
        raise DamagedWarehouse(
            f"The warehouse was made by a newer Pixels (migrations {', '.join(sorted(unknown))} are unknown to "
            f"{__version__}). Install that version again, or use another PIXELS_HOME."
        )
    for file in files:
        if file.stem not in done:
            with transaction(con):
                con.execute(sql(f"{_MIGRATIONS}/{file.name}"))
                con.execute("INSERT INTO schema_migrations VALUES (?, ?)", [file.stem, now])
            con.execute("CHECKPOINT")


def _check_settings(
    con: duckdb.DuckDBPyConnection, settings: Settings, now: datetime, changing: Collection[SettingOfFigures]
) -> None:
    row = con.execute("SELECT time_zone, count_bots FROM warehouse").fetchone()
    if row is None or "timezone" in changing:
        _check_time_zone(settings.timezone)
    if row is None:
        con.execute(
            "INSERT INTO warehouse (warehouse_uuid, time_zone, is_demo, created_at, count_bots) VALUES (?, ?, ?, ?, ?)",
            [str(uuid.uuid4()), settings.timezone, is_demo_home(settings), now, settings.count_bots],
        )
        return
    time_zone, count_bots = row
    if time_zone != settings.timezone and "timezone" not in changing:
        raise ConfigurationError(
            f"The warehouse {settings.warehouse_path} counts its days in {time_zone}, but PIXELS_TIMEZONE is "
            f"{settings.timezone}. Set PIXELS_TIMEZONE={time_zone}, or count all days anew: "
            f"`pixels rebuild --time-zone {settings.timezone}`."
        )
    if count_bots != settings.count_bots and "count_bots" not in changing:
        counts, asked = ("counts", "false") if count_bots else ("does not count", "true")
        raise ConfigurationError(
            f"The warehouse {settings.warehouse_path} {counts} visits of crawlers, but PIXELS_COUNT_BOTS is {asked}. "
            f"Set PIXELS_COUNT_BOTS={str(count_bots).lower()}, or count all days anew: "
            f"`pixels rebuild --{'no-' if count_bots else ''}count-bots`."
        )


def _check_time_zone(time_zone: str) -> None:
    """Refuse a zone that Polars does not know, before it is written into a warehouse for good."""
    try:
        with_day(pl.DataFrame({"created_at": [datetime(2026, 1, 1, tzinfo=UTC)]}), time_zone)
    except pl.exceptions.PolarsError as error:
        raise ConfigurationError(
            f"PIXELS_TIMEZONE: days cannot be counted in {time_zone!r}; give a place such as Europe/Berlin, or UTC."
        ) from error


def is_demo_home(settings: Settings) -> bool:
    """Whether this home was made by `pixels up --demo`."""
    return (settings.home / DEMO_MARKER).exists()


def checkpoint_and_close(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Bring the file to rest: all of it in one file, no write-ahead log beside it.

    A stale .wal would be replayed, without an error, into whatever file is swapped in.
    """
    con.execute("CHECKPOINT")
    con.close()
    check_at_rest(path)


def check_at_rest(path: Path) -> None:
    """Raise DamagedWarehouse when there is a write-ahead log beside a closed file."""
    wal = path.with_name(path.name + ".wal")
    if wal.exists():
        raise DamagedWarehouse(f"{wal} is still there after a checkpoint; another program holds {path}. End it first.")
