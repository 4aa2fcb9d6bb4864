"""`pixels erase`: players are renamed for good, and every file that said who they were is written anew.

The order is what makes it safe to be killed at any step and done again:

1. The key, then the journal with all names: players and their visitor keys.
2. New files of the archive beside the old ones. Nothing lists them yet.
3. One transaction: the tombstones, every table, and the list of the archive's files. Before it nothing has changed; after
   it every figure is right, and what arrives of these players is renamed. The rest is about bytes alone.
4. A new file for the warehouse, then for each kept snapshot, each put in the old one's place in one step.
5. What no file lists any more is deleted: the archive's old files, temporary ones.
6. The new snapshot is published, and the journal goes.

Who has an old snapshot open keeps it until closing it.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb

from aggregator.archive import STEPS_OF_ARCHIVE
from aggregator.contract import contract
from aggregator.erased_archive import remove_unlisted, rewrite_archive
from aggregator.erasure_journal import end_journal, unfinished, write_journal
from aggregator.publish import publish
from aggregator.snapshots import snapshot_files
from aggregator.store.erasing import Forgetting, forget, visitor_keys_of
from aggregator.store.opening import checkpoint_and_close, transaction
from aggregator.store.rebuilding import NoRoom
from aggregator.store.rewriting import (
    listed_archive_files,
    rewrite_snapshot,
    rewrite_warehouse,
)
from aggregator.store.runs import Outcome, begin_run, complete_so_far, save_run
from aggregator.tombstones import ERASED, key_for_erasing, stored_tombstones
from aggregator.writing import STEPS as STEPS_OF_WRITING
from aggregator.writing import Clock, OnStep, holding_the_lock, opened, utc_now
from pixels.config import Settings
from pixels.errors import BadParameter

STEPS_OF_ERASURE = (
    "after_journal",
    *STEPS_OF_ARCHIVE[:2],
    "before_erasure_commit",
    "after_erasure_commit",
    "at_swap",
    "after_swap",
    "before_removal",
    *STEPS_OF_WRITING[STEPS_OF_WRITING.index("before_checkpoint") :],
    "before_journal_end",
)
"""`at_swap` and `after_swap` come once for the warehouse, and once for each file of a kept snapshot."""


@dataclass
class Erasure:
    """What an erasure did. It names nobody: `erased` are the names that the players have now."""

    erased: list[str]
    visitor_keys: int = 0
    """How many of their visitor keys were erased too."""
    rows: dict[str, int] = field(default_factory=dict)
    ties_settled: int = 0
    """Both as in `Forgotten`, of the warehouse."""
    snapshots: list[str] = field(default_factory=list)
    """Kept snapshots that were written anew, as paths under PIXELS_HOME."""
    removed: list[str] = field(default_factory=list)
    """Files that were deleted, as paths under PIXELS_HOME."""
    resumed: bool = False
    """Whether it completed an erasure that was interrupted; `rows` are then what was left to do."""
    run_id: int = 0
    snapshot: int = 0
    published: bool = False
    seconds: float = 0.0


def erase(
    settings: Settings,
    players: Collection[str] = (),
    *,
    wait: bool = False,
    on_step: OnStep = lambda step: None,
    now: Clock = utc_now,
) -> tuple[Erasure, set[str]]:
    """Forget players, by player id or visitor key, and their visitor keys; return what was done, and all names erased.

    Completes an erasure that was interrupted; with no `players` it does nothing else. Raises BadParameter for what
    cannot be a name, AlreadyRunning when another process writes unless told to `wait`, and PixelsError with what to do;
    what was begun is completed by the next one.
    """
    began = time.monotonic()
    asked = checked_names(players)
    with holding_the_lock(settings, on_step, wait=wait) as step:
        left_over = unfinished(settings.home)
        if not asked and not left_over:
            raise BadParameter("PLAYER_ID", "name at least one player; no erasure waits to be completed")
        with closing(opened(settings, now(), step, now)) as con:
            done, what = _forget_in_warehouse(con, settings, asked, left_over, step, now)
        rewrite_warehouse(settings, step)
        done.snapshots = _rewrite_snapshots(settings, what, now(), step)
        step("before_removal")
        done.removed = _remove_leftovers(settings)
        with closing(opened(settings, now(), step, now)) as con:
            done.snapshot, done.published = publish(con, settings, complete_so_far(con), step, now)
        step("before_journal_end")
        end_journal(settings.home)
    done.seconds = round(time.monotonic() - began, 3)
    return done, set(what.names)


def checked_names(players: Iterable[str]) -> set[str]:
    """Return the names as a decoded event has them. Raises BadParameter for what no event can have."""
    names = {player.strip() for player in players}
    for name in names:
        try:
            name.encode()
        except UnicodeEncodeError:
            raise BadParameter("PLAYER_ID", "it is not UTF-8") from None
        if not name or len(name) > contract().name_length:
            raise BadParameter("PLAYER_ID", f"a player id has 1 to {contract().name_length} characters")
    return names


def _forget_in_warehouse(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    asked: set[str],
    left_over: set[str],
    step: OnStep,
    now: Clock,
) -> tuple[Erasure, Forgetting]:
    """Take the names out of the tables and the archive in one transaction, and bring the warehouse to rest."""
    _check_room(settings)
    started, stood = now(), stored_tombstones(con, settings.home)
    if already := asked & stood.names:
        raise BadParameter("PLAYER_ID", f"{min(already)} is the name of a player who was erased")
    key = key_for_erasing(con, settings.home)
    visitor_keys = _visitor_keys(con, settings, asked | {ERASED + key.tombstone(name) for name in asked})
    names = asked | visitor_keys | left_over
    write_journal(settings.home, names)
    step("after_journal")
    tombstones = stood.and_of(key, names)
    what = Forgetting(tombstones.erased(names), tombstones)
    listed = set().union(*(listed_archive_files(file) for file in snapshot_files(settings)))
    listed |= {file for (file,) in con.execute("SELECT file FROM archive_files").fetchall()}
    what = Forgetting(what.names, tombstones, rewrite_archive(settings, listed, what, step))
    done = Erasure(sorted(what.names[name] for name in asked), len(visitor_keys), resumed=bool(left_over))
    done.run_id = begin_run(con)
    with transaction(con):
        forgotten = forget(con, settings, what, started)
        done.rows, done.ties_settled = forgotten.rows, forgotten.ties_settled
        save_run(
            con,
            done.run_id,
            "erase",
            Outcome(),
            started_at=started,
            finished_at=now(),
            complete_until=complete_so_far(con),
            figures_changed=bool(done.rows),
        )
        step("before_erasure_commit")
    step("after_erasure_commit")
    checkpoint_and_close(con, settings.warehouse_path)
    return done, what


def _check_room(settings: Settings) -> None:
    """Raise NoRoom unless the disk holds the largest file twice more: a copy without the names, and that written anew."""
    files = [settings.warehouse_path, *snapshot_files(settings)]
    needed, free = 2 * max(file.stat().st_size for file in files), shutil.disk_usage(settings.home).free
    if free < needed:
        raise NoRoom(
            f"Writing the files of {settings.home} anew takes up to {needed / 1e6:.0f} MB, but it has {free / 1e6:.0f} MB left. "
            "Make room, then run this again. Nothing was changed."
        )


def _visitor_keys(con: duckdb.DuckDBPyConnection, settings: Settings, players: set[str]) -> set[str]:
    """Return the keys of players that are the name of one visitor: no placeholder, and not erased already."""
    limits = contract()
    return {
        key
        for key in visitor_keys_of(con, settings, players)
        if key.strip().lower() not in limits.placeholders and not key.startswith(ERASED)
    }


def _rewrite_snapshots(settings: Settings, what: Forgetting, now: datetime, step: OnStep) -> list[str]:
    """Write every kept snapshot anew, once for all the names that its file has; return their paths.

    A report that is made meanwhile can pin one more, which is an old file: that is looked for until there is none.
    """
    new: dict[tuple[int, int], Path] = {}
    rewritten: list[str] = []
    while pending := list(_not_among(new, snapshot_files(settings))):
        for file, ident in pending:
            try:
                if ident in new:
                    _link_again(new[ident], file)
                else:
                    rewrite_snapshot(file, settings, what, now, step)
                new[ident] = new[_ident(file)] = file
            except FileNotFoundError:
                if file.exists():  # else a report's pin was removed meanwhile
                    raise
                continue
            rewritten.append(str(file.relative_to(settings.home)))
    return rewritten


def _not_among(new: dict[tuple[int, int], Path], files: Iterable[Path]) -> Iterator[tuple[Path, tuple[int, int]]]:
    fresh = {_ident(path) for path in new.values() if path.exists()}
    for file in files:
        try:
            ident = _ident(file)
        except FileNotFoundError:
            continue
        if ident not in fresh:
            yield file, ident


def _ident(file: Path) -> tuple[int, int]:
    found = file.stat()
    return found.st_dev, found.st_ino


def _link_again(file: Path, name: Path) -> None:
    """Give the new file this name as well."""
    fresh = name.with_name(f".{name.name}.tmp")
    fresh.unlink(missing_ok=True)
    os.link(file, fresh)
    fresh.replace(name)


def _remove_leftovers(settings: Settings) -> list[str]:
    """Delete what nobody needs and may name somebody; return the paths under PIXELS_HOME."""
    listed = set().union(*map(listed_archive_files, [settings.warehouse_path, *snapshot_files(settings)]))
    removed = [f"{settings.archive_dir.name}/{file}" for file in remove_unlisted(settings, listed)]
    shutil.rmtree(settings.home / "tmp", ignore_errors=True)  # DuckDB's, of a process that was killed
    for folder in {file.parent for file in snapshot_files(settings)} | {settings.published_dir}:
        for leftover in folder.glob(".*.tmp*"):
            leftover.unlink(missing_ok=True)
            removed.append(str(leftover.relative_to(settings.home)))
    return removed
