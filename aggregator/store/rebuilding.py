"""A warehouse whose aggregates are computed anew, in a new file that takes the place of the old one in one step.

Until that step the old file is only read, and what a rebuild that was killed leaves behind is cleared by the next one who
holds the writer lock.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb

from aggregator.archive import archive_due
from aggregator.store.comparison import Compared, compared
from aggregator.store.history import DamagedArchive
from aggregator.store.manifest import archive_faults
from aggregator.store.opening import SettingOfFigures, checkpoint_and_close, open_for_writing
from aggregator.store.recomputed import KEYS, RECOMPUTED, STORED, attach, recomputed, rows_to_recompute
from aggregator.store.runs import Outcome, begin_run, complete_so_far, save_run
from aggregator.store.swap import OnStep, swap
from pixels.config import Settings
from pixels.errors import CANNOT_READ_OR_WRITE, PixelsError
from pixels.resources import sql

STEPS_OF_REBUILD = ("in_recompute", "before_swap", "at_swap", "after_swap")
"""While records are stored again; before the new file is complete; between the last check and the renaming; after it."""

_FOLDER = "rebuild"
_REBUILT = "rebuilt"
_ARCHIVED_ANEW = ("archive_files", "rejected_events")
"""Tables that follow from the time zone as well, when there is an archive."""
_ROOM_OF_PARQUET = 5
"""How many times as much room an archived record takes in a table, at most."""

Progress = Callable[[int, int], None]
"""Takes how many records are done, and how many there are."""


class NoRoom(PixelsError):
    """The disk has too little room for a second warehouse."""

    exit_code = CANNOT_READ_OR_WRITE


@dataclass(frozen=True)
class Rebuilt:
    """What a rebuild did."""

    run_id: int
    rows: int
    """Records and refusals that the aggregates were computed from."""
    tables: list[Compared] = field(default_factory=list)
    """What differed before; empty when a setting of the figures changed, since then all may."""
    changing: Collection[SettingOfFigures] = ()

    @property
    def figures_changed(self) -> bool:
        """Whether the new file says anything else than the old one."""
        return bool(self.changing) or any(table.differing for table in self.tables)


@dataclass(frozen=True)
class Checked:
    """What a comparison found; nothing when the warehouse and its archive are what the records say."""

    rows: int
    tables: list[Compared]
    """None were compared when the archive is not what it was."""
    faults: dict[str, str]
    """Files of the archive, each with what is wrong with it."""


@dataclass(frozen=True)
class _Stored:
    """What has to be known of the warehouse before it is closed."""

    run_id: int
    rows: int
    complete_until: datetime
    changing: list[SettingOfFigures]
    has_archive: bool
    faults: dict[str, str]


def rebuild_warehouse(
    settings: Settings,
    changing: Collection[SettingOfFigures] = (),
    *,
    on_step: OnStep,
    now: Callable[[], datetime],
    progress: Progress = lambda done, rows: None,
) -> Rebuilt:
    """Compute every aggregate anew and put the result in the warehouse's place, with the row of the run that did it.

    The caller holds the writer lock, and has the warehouse not open. Raises DamagedArchive and NoRoom; whatever is
    raised, the warehouse is what it was.
    """
    started = now()
    with work_folder(settings) as folder:
        stored = _brought_to_rest(settings, changing, started, on_step)
        if stored.faults:
            raise DamagedArchive(_faults_as_text(settings, stored.faults))
        new_days = "timezone" in stored.changing and stored.has_archive
        show = _told(on_step, progress, stored.rows)
        with recomputed(folder, settings, show, archive_too=new_days) as con:
            tables = [] if stored.changing else compared(con, lambda: on_step("in_recompute"))
            rebuilt = Rebuilt(stored.run_id, stored.rows, tables, stored.changing)
            if new_days:  # the archive's files are by day: they are written anew as well
                archive_due(con, settings, now(), on_step)
            file = _assembled(con, folder, settings, _ARCHIVED_ANEW if new_days else ())
            save_run(
                con,
                stored.run_id,
                "rebuild",
                Outcome(),
                started_at=started,
                finished_at=now(),
                complete_until=stored.complete_until,
                figures_changed=rebuilt.figures_changed,
            )
            on_step("before_swap")
            con.execute(f"USE {RECOMPUTED}; CHECKPOINT {_REBUILT}; DETACH {_REBUILT}")
        swap(file, settings.warehouse_path, on_step)
    return rebuilt


def check_warehouse(
    settings: Settings,
    *,
    on_step: OnStep,
    now: Callable[[], datetime],
    progress: Progress = lambda done, rows: None,
) -> Checked:
    """Compute every aggregate anew and compare it with what is stored; change nothing.

    The caller holds the writer lock, and has the warehouse not open. Raises NoRoom.
    """
    with work_folder(settings) as folder:
        stored = _brought_to_rest(settings, (), now(), on_step)
        if stored.faults:
            return Checked(stored.rows, [], stored.faults)
        with recomputed(folder, settings, _told(on_step, progress, stored.rows)) as con:
            return Checked(stored.rows, compared(con, lambda: on_step("in_recompute")), {})


def _told(on_step: OnStep, progress: Progress, rows: int) -> Callable[[int], None]:
    def show(done: int) -> None:
        on_step("in_recompute")
        progress(done, rows)

    return show


@contextmanager
def work_folder(settings: Settings) -> Iterator[Path]:
    """Give an empty folder beside the warehouse, and remove it at the end."""
    clear_leftovers(settings)
    folder = settings.home / _FOLDER
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def clear_leftovers(settings: Settings) -> None:
    """Remove what a rebuild left that was killed. The caller holds the writer lock."""
    shutil.rmtree(settings.home / _FOLDER, ignore_errors=True)


def _brought_to_rest(
    settings: Settings, changing: Collection[SettingOfFigures], now: datetime, on_step: OnStep
) -> _Stored:
    """Bring the warehouse up to date, see whether it can be computed anew, and close it."""
    with closing(open_for_writing(settings, now, changing)) as con:
        _check_room(con, settings)
        stored = _Stored(
            begin_run(con),
            rows_to_recompute(con),
            complete_so_far(con),
            _changed(con, settings),
            bool(con.execute("FROM archive_files LIMIT 1").fetchone()),
            archive_faults(con, settings, lambda: on_step("in_recompute")),
        )
        checkpoint_and_close(con, settings.warehouse_path)
    return stored


def _faults_as_text(settings: Settings, faults: dict[str, str]) -> str:
    named = "; ".join(f"{settings.archive_dir / file}: {fault}" for file, fault in faults.items())
    return (
        f"Nothing can be computed anew, because files of the archive are not what they were: {named}. Put them back from a "
        "copy, then run this again. Nothing was changed."
    )


def _check_room(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Raise NoRoom unless the disk holds the records once more, and a second warehouse."""
    (archived,) = con.execute("SELECT coalesce(sum(byte_count), 0)::BIGINT FROM archive_files").fetchone() or (0,)
    needed = 2 * settings.warehouse_path.stat().st_size + _ROOM_OF_PARQUET * int(archived)
    free = shutil.disk_usage(settings.home).free
    if free < needed:
        raise NoRoom(
            f"Computing the aggregates anew takes up to {needed / 1e6:.0f} MB beside the warehouse, but {settings.home} has "
            f"{free / 1e6:.0f} MB left. Make room, then run this again. Nothing was changed."
        )


def _changed(con: duckdb.DuckDBPyConnection, settings: Settings) -> list[SettingOfFigures]:
    time_zone, count_bots = con.execute("SELECT time_zone, count_bots FROM warehouse").fetchone() or (None, None)
    changed: list[SettingOfFigures] = []
    if time_zone != settings.timezone:
        changed.append("timezone")
    if count_bots != settings.count_bots:
        changed.append("count_bots")
    return changed


def _assembled(con: duckdb.DuckDBPyConnection, folder: Path, settings: Settings, also_new: Collection[str]) -> Path:
    """Write the new warehouse: what was computed anew, and all else as it is stored. Its tables are those of `con` then."""
    file = folder / f"{_REBUILT}.duckdb"
    attach(con, file, _REBUILT)
    con.execute(f"COPY FROM DATABASE {STORED} TO {_REBUILT} (SCHEMA); USE {_REBUILT}")
    # By the catalogue, so that a table that a later version brings is carried over too.
    for (table,) in con.execute(sql("queries/tables_of_the_warehouse.sql"), {"database": STORED}).fetchall():
        source = f'{RECOMPUTED if table in KEYS or table in also_new else STORED}."{table}"'
        con.execute(f'INSERT INTO "{table}" FROM query_table($source)', {"source": source})
    con.execute(
        "UPDATE warehouse SET time_zone = $timezone, count_bots = $count_bots, rebuild_due = false",
        {"timezone": settings.timezone, "count_bots": settings.count_bots},
    )
    return file
