"""`pixels rebuild`: every aggregate computed anew from the records, and put in the warehouse's place or compared with it."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass

import structlog

from aggregator.check_text import check_as_json, check_as_text
from aggregator.progress import progress_bar
from aggregator.publish import publish, read_state
from aggregator.run import configure_logging
from aggregator.store.checks import Check, save_check
from aggregator.store.opening import SettingOfFigures, open_for_writing, transaction
from aggregator.store.rebuilding import STEPS_OF_REBUILD as STEPS_OF_REBUILDING
from aggregator.store.rebuilding import Checked, Progress, Rebuilt, check_warehouse, rebuild_warehouse
from aggregator.store.runs import complete_so_far
from aggregator.writing import STEPS as STEPS_OF_WRITING
from aggregator.writing import Clock, OnStep, holding_the_lock, utc_now
from pixels.config import Settings
from pixels.errors import NoSnapshot, PixelsError

STEPS_OF_REBUILD = (*STEPS_OF_REBUILDING, *STEPS_OF_WRITING[STEPS_OF_WRITING.index("before_checkpoint") :])
DIFFERS = 65
"""Exit code of a comparison that found a difference."""

_SIGNALS = (signal.SIGTERM, signal.SIGINT)

_log = structlog.get_logger()


class NoWarehouse(NoSnapshot):
    """There is nothing to compute anew."""


class Stopped(PixelsError):
    """A signal ended it before anything was changed."""

    exit_code = 75


@dataclass(frozen=True)
class RebuildResult:
    """What a rebuild did; printed as one JSON line."""

    rebuilt: Rebuilt
    snapshot: int
    published: bool
    seconds: float

    def as_json(self) -> str:
        """Return the line."""
        return json.dumps(
            {
                "run_id": self.rebuilt.run_id,
                "snapshot": self.snapshot,
                "published": self.published,
                "records": self.rebuilt.rows,
                "changed_settings": list(self.rebuilt.changing),
                "differences": {table.table: table.differing for table in self.rebuilt.tables if table.differing},
                "seconds": round(self.seconds, 3),
            }
        )


@dataclass(frozen=True)
class CheckResult:
    """What a comparison found."""

    check: Check
    checked: Checked
    seconds: float


def rebuild(
    settings: Settings,
    changing: Collection[SettingOfFigures] = (),
    *,
    wait: bool = False,
    on_step: OnStep = lambda step: None,
    now: Clock = utc_now,
    progress: Progress = lambda done, rows: None,
) -> RebuildResult:
    """Compute every aggregate anew, put the result in the warehouse's place, publish it if a figure changed.

    `changing` names the settings that the warehouse is to take from `settings`. Raises AlreadyRunning when another process
    writes this warehouse, unless told to `wait`, and PixelsError with what to do; then the warehouse is what it was.
    """
    clock = time.monotonic()
    with _held(settings, on_step, wait) as step:
        rebuilt = rebuild_warehouse(settings, changing, on_step=step, now=now, progress=progress)
        with closing(open_for_writing(settings, now())) as con:
            snapshot, published = publish(con, settings, complete_so_far(con), step, now)
    return RebuildResult(rebuilt, snapshot, published, time.monotonic() - clock)


def check(
    settings: Settings,
    *,
    wait: bool = False,
    on_step: OnStep = lambda step: None,
    now: Clock = utc_now,
    progress: Progress = lambda done, rows: None,
) -> CheckResult:
    """Compute every aggregate anew and compare: no figure changes, the result is written down and told to readers.

    Raises as `rebuild` does.
    """
    clock = time.monotonic()
    with _held(settings, on_step, wait) as step:
        checked = check_warehouse(settings, on_step=step, now=now, progress=progress)
        with closing(open_for_writing(settings, now())) as con:
            found = _as_check(checked, read_state(con).snapshot, now)
            with transaction(con):
                save_check(con, found, time.monotonic() - clock)
            publish(con, settings, complete_so_far(con), step, now)
    return CheckResult(found, checked, time.monotonic() - clock)


def _as_check(checked: Checked, snapshot: int, now: Clock) -> Check:
    differences = {table.table: table.differing for table in checked.tables if table.differing}
    if checked.faults:
        differences["archive_files"] = len(checked.faults)
    return Check(now(), snapshot, not differences, differences)


@contextmanager
def _held(settings: Settings, on_step: OnStep, wait: bool) -> Iterator[OnStep]:
    if not settings.warehouse_path.exists():
        raise NoWarehouse(f"{settings.home} holds no warehouse yet: run `pixels aggregate`, or set PIXELS_HOME.")
    with holding_the_lock(settings, on_step, wait=wait) as step:
        yield step


def run_rebuild(settings: Settings, new_time_zone: bool, new_count_bots: bool, *, wait: bool) -> int:
    """Rebuild, with a progress bar on a terminal; print one JSON line. Return the exit code.

    With a new time zone, or new counting of bots, the warehouse takes it from the settings.
    """
    given: dict[SettingOfFigures, bool] = {"timezone": new_time_zone, "count_bots": new_count_bots}
    changing = [name for name, is_given in given.items() if is_given]
    configure_logging()
    with _stoppable() as on_step, _shown("Rebuilding") as progress:
        result = rebuild(settings, changing, wait=wait, on_step=on_step, progress=progress)
    print(result.as_json(), flush=True)
    for name in result.rebuilt.changing:
        value = str(getattr(settings, name))
        _log.info("rebuild.setting_changed", now_set=f"PIXELS_{name.upper()}={value}", why="every pass checks it")
    return 0


def run_check(settings: Settings, *, wait: bool, as_json: bool) -> int:
    """Compare, with a progress bar on a terminal; print what was found. Return the exit code."""
    configure_logging()
    with _stoppable() as on_step, _shown("Checking") as progress:
        result = check(settings, wait=wait, on_step=on_step, progress=progress)
    write = check_as_json if as_json else check_as_text
    print(write(result.check, result.checked, result.seconds), flush=True)
    return 0 if result.check.equal else DIFFERS


@contextmanager
def _shown(what: str) -> Iterator[Progress]:
    with ExitStack() as stack:
        bars: list[Callable[[int], None]] = []

        def progress(done: int, rows: int) -> None:
            if not bars:  # how much there is to do is known when the warehouse is open
                bars.append(stack.enter_context(progress_bar(what, rows)))
            bars[0](done)

        yield progress


@contextmanager
def _stoppable() -> Iterator[Callable[[str], None]]:
    """Let SIGTERM and SIGINT end the work with `Stopped`, as long as the warehouse is what it was; then it goes on to its end."""

    def stop(number: int, _: object) -> None:
        raise Stopped(f"{signal.Signals(number).name} ended it. Nothing was changed; run it again when it suits.")

    def on_step(step: str) -> None:
        if step == "at_swap":
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_IGN)

    former = {number: signal.signal(number, stop) for number in _SIGNALS}
    try:
        yield on_step
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
