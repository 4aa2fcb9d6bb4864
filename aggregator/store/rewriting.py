"""Files of DuckDB written anew: it leaves deleted bytes where they were, so what is to be gone needs a file without them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl

from aggregator.store.archive import ArchiveFile
from aggregator.store.erasing import erase_in_tables
from aggregator.store.opening import checkpoint_and_close, configure, migrate, transaction
from aggregator.store.rebuilding import work_folder
from aggregator.store.recomputed import attach
from aggregator.store.swap import OnStep, swap
from aggregator.tombstones import Tombstones, save_tombstones
from pixels.config import Settings
from pixels.resources import sql

_OLD, _NEW = "old_file", "new_file"


@dataclass(frozen=True)
class Forgetting:
    """What is to be forgotten, and what has taken the place of the archive's files that said it."""

    names: Mapping[str, str]
    """Erased name by name."""
    tombstones: Tombstones
    """Those of these names and of all that were erased before."""
    archive: Mapping[str, ArchiveFile] = field(default_factory=dict)
    """New file by the path of the old one."""


def rewrite_warehouse(settings: Settings, on_step: OnStep) -> None:
    """Put a new file with the same rows in the warehouse's place. It is closed, and the caller holds the writer lock."""
    with work_folder(settings) as folder:
        new = folder / "warehouse.duckdb"
        _copy_rows(settings.warehouse_path, new, settings)
        swap(new, settings.warehouse_path, on_step)


def rewrite_snapshot(file: Path, settings: Settings, what: Forgetting, now: datetime, on_step: OnStep) -> None:
    """Put a new file without the names in a snapshot's place: its number and its figures stay."""
    with work_folder(settings) as folder:
        copy, new = folder / "snapshot.duckdb", file.with_name(f".{file.name}.tmp")
        shutil.copyfile(file, copy)
        with closing(duckdb.connect(str(copy))) as con:
            configure(con, settings)
            migrate(con, now)
            with transaction(con):
                erase_in_tables(con, what.names, what.tombstones)
                exchange_archive_files(con, what.archive)
                # Who makes a warehouse of this snapshot has not to erase anybody again.
                save_tombstones(con, what.tombstones, now)
            checkpoint_and_close(con, copy)
        new.unlink(missing_ok=True)
        _copy_rows(copy, new, settings)
        swap(new, file, on_step)


def exchange_archive_files(con: duckdb.DuckDBPyConnection, files: Mapping[str, ArchiveFile]) -> None:
    """List the new files of the archive in the place of the old ones, in the caller's transaction."""
    rows = [(old, new.file, new.byte_count, new.sha256) for old, new in files.items()]
    con.register("exchanged", pl.DataFrame(rows, schema=_EXCHANGED, orient="row"))
    con.execute(sql("upserts/exchanged_archive_files.sql"))


_EXCHANGED = {"old": pl.String(), "file": pl.String(), "byte_count": pl.Int64(), "sha256": pl.String()}


def listed_archive_files(file: Path) -> set[str]:
    """Return the archive's files that a warehouse or snapshot lists; one of an older version lists none."""
    with closing(duckdb.connect(str(file), read_only=True)) as con:
        try:
            return {name for (name,) in con.execute("SELECT file FROM archive_files").fetchall()}
        except duckdb.CatalogException:
            return set()


def _copy_rows(source: Path, target: Path, settings: Settings) -> None:
    with closing(duckdb.connect()) as con:
        configure(con, settings)
        attach(con, source, f"{_OLD} (READ_ONLY)")
        attach(con, target, _NEW)
        con.execute(f"COPY FROM DATABASE {_OLD} TO {_NEW}; CHECKPOINT {_NEW}; DETACH {_NEW}")
