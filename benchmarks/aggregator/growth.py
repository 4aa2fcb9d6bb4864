"""The same pass over ever longer histories: what it costs must not grow with what is stored."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import polars as pl

from aggregator.decode import REJECTED_COLUMNS
from aggregator.store.batch import store_batch
from aggregator.store.opening import checkpoint_and_close, open_for_writing, transaction
from aggregator.store.runs import Outcome, begin_run, save_run
from benchmarks.aggregator.events import events, messages
from benchmarks.aggregator.processes import told_by_module
from pixels.config import Settings, load_settings
from tests.local_log import append

EVENTS_A_DAY = 100_000
NEW_EVENTS = 50_000
_STORED_AT_ONCE = 250_000
_NEVER_STORED = 10**9  # number of an event beyond all histories
_TIME_OF_NEW = timedelta(days=NEW_EVENTS / EVENTS_A_DAY)


def compare(folder: Path, sizes: list[int], players: int, rounds: int) -> None:
    """Let one history grow; time passes over new events at each size; print them, and the ratios from size to size."""
    home = folder / f"{players}-players"
    now = datetime.now(UTC)
    beginning = now - timedelta(days=sizes[-1] / EVENTS_A_DAY + 1)
    seconds = []
    for before, size in pairwise([0, *sizes]):
        end = grow(home, before, size, players, beginning)
        runs = [pass_over_new(home, folder / "copy", players, end) for _ in range(rounds)]
        seconds.append(median(run["to_commit"] for run in runs))
        gigabytes, publishing = runs[0]["snapshot_bytes"] / 1e9, median(run["publishing"] for run in runs)
        print(
            f"{size:,} events of {players:,} players, {gigabytes:.2f} GB: {NEW_EVENTS:,} more in {seconds[-1]:.2f} s, "
            f"{median(run['cpu_to_commit'] for run in runs):.2f} CPU s; publishing {publishing:.2f} s, "
            f"{publishing / gigabytes:.1f} s a GB; peak memory {max(run['peak_mb'] for run in runs):.0f} MB",
            flush=True,
        )
    if len(seconds) > 1:
        print("from size to size: " + ", ".join(f"{after / before:.2f}" for before, after in pairwise(seconds)))


def grow(home: Path, stored: int, size: int, players: int, beginning: datetime) -> datetime:
    """Store events up to `size`, the way a pass does but for the log; return the instant of the last."""
    settings = settings_of(home)
    home.mkdir(exist_ok=True)
    rejected = pl.DataFrame(schema=REJECTED_COLUMNS)
    con = open_for_writing(settings, beginning)
    for first in range(stored, size, _STORED_AT_ONCE):
        count = min(_STORED_AT_ONCE, size - first)
        made = events(
            count,
            start=first,
            players=players,
            first=beginning + timedelta(days=first / EVENTS_A_DAY),
            during=timedelta(days=count / EVENTS_A_DAY),
        )
        with transaction(con):
            store_batch(con, made, rejected, settings)
    with transaction(con):
        save_run(
            con,
            begin_run(con),
            "import",
            Outcome(events_stored=size),
            started_at=beginning,
            finished_at=beginning,
            complete_until=beginning,
        )
    checkpoint_and_close(con, settings.warehouse_path)
    return beginning + timedelta(days=size / EVENTS_A_DAY)


def pass_over_new(home: Path, copy: Path, players: int, first: datetime) -> dict[str, Any]:
    """Run a pass over new events on a copy of the history; return what it tells."""
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    shutil.copyfile(home / "warehouse.duckdb", copy / "warehouse.duckdb")
    new = events(NEW_EVENTS, start=_NEVER_STORED, players=players, first=first, during=_TIME_OF_NEW)
    append(copy, [value for _, value in messages(new)], at_ms=int(datetime.now(UTC).timestamp() * 1000))
    run = told_by_module("one_pass", environment={"PIXELS_HOME": str(copy), "PIXELS_RETENTION_DAYS": "36500"})
    assert run["records"] == NEW_EVENTS
    return run


def settings_of(home: Path) -> Settings:
    """Return the settings of a history, in which nothing is archived."""
    return load_settings(home=home, retention_days=36_500)
