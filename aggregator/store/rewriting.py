"""Files of DuckDB written anew: it leaves deleted bytes where they were, so what is to be gone needs a file without them."""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import datetime
from pathlib import Path

import duckdb

from aggregator.store.erasing import Forgetting, forget
from aggregator.store.opening import checkpoint_and_close, configure, migrate, transaction
from aggregator.store.rebuilding import work_folder
from aggregator.store.recomputed import attach
from aggregator.store.swap import OnStep, swap
from pixels.config import Settings

_OLD, _NEW = "old_file", "new_file"


def rewrite_warehouse(settings: Settings, on_step: OnStep) -> None:
    """Put a new file with the same rows in the warehouse's place. It is closed, and the caller holds the writer lock."""
    with work_folder(settings) as folder:
        new = folder / "warehouse.duckdb"
        _copy_rows(settings.warehouse_path, new, settings)
        swap(new, settings.warehouse_path, on_step)


def rewrite_snapshot(file: Path, settings: Settings, what: Forgetting, now: datetime, on_step: OnStep) -> None:
    """Put a new file without the names in a snapshot's place: its number stays, and so do its figures."""
    with work_folder(settings) as folder:
        copy, new = folder / "snapshot.duckdb", file.with_name(f".{file.name}.tmp")
        shutil.copyfile(file, copy)
        with closing(duckdb.connect(str(copy))) as con:
            configure(con, settings)
            migrate(con, now)
            with transaction(con):
                forget(con, _as_it_was_made(con, settings), what, now)
            checkpoint_and_close(con, copy)
        new.unlink(missing_ok=True)
        _copy_rows(copy, new, settings)
        swap(new, file, on_step)


def _as_it_was_made(con: duckdb.DuckDBPyConnection, settings: Settings) -> Settings:
    """Return the settings with those by which the snapshot counts: a rebuild may have changed them since."""
    time_zone, count_bots = con.execute("SELECT time_zone, count_bots FROM warehouse").fetchone() or ("UTC", False)
    return settings.model_copy(update={"timezone": time_zone, "count_bots": count_bots})


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
