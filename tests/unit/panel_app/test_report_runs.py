"""Reports that are made one after the other, by a command that stands in for `pixels report`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from panel_app import report_runs
from panel_app.report_runs import FAILED, MADE, MAKING, MOST_WAITING, STOPPED, WAITING, ReportRun, ReportRuns
from pixels.config import load_settings
from pixels.errors import BadParameter
from pixels.reports.shelf import new_folder
from tests.waiting import until

SPEAKS = """
import sys, time, pathlib
name, *given = sys.argv[1:]
folder = pathlib.Path(given[given.index("--out") + 1])
banner = next((word.partition("=")[2] for word in given if word.startswith("banner=")), "")
print("cell 1 of 4", "cell 2 of 4", sep="\\n", file=sys.stderr, flush=True)
if banner == "fails":
    print("pixels: no data\\x1b[31m for it", file=sys.stderr)
    sys.exit(66)
if banner == "killed":
    import os
    os.kill(os.getpid(), 9)
if banner == "deaf":
    import signal
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    print("cell 3 of 4", file=sys.stderr, flush=True)
gate = pathlib.Path(folder.parents[1], "go")
while banner and not gate.exists():
    time.sleep(0.01)
folder.mkdir(parents=True)
(folder / "made").write_text(name)
"""

Start = Callable[..., ReportRun]


@pytest.fixture
def runs(pixels_home: Path) -> Iterator[ReportRuns]:
    """A desk whose reports with a banner wait for a file called go."""
    desk = ReportRuns(load_settings(), (sys.executable, "-c", SPEAKS))
    yield desk
    desk.close()


def now(runs: ReportRuns, run: ReportRun) -> ReportRun:
    """What became of a run so far."""
    return next(one for one in runs.runs() if one.number == run.number)


def reach(runs: ReportRuns, run: ReportRun, state: str) -> ReportRun:
    """Wait until a run is in a state."""
    until(lambda: now(runs, run).state == state, what=f"{run} is {state}")
    return now(runs, run)


def let_go() -> None:
    """Let the reports that wait for it come to their end."""
    load_settings().reports_dir.mkdir(parents=True, exist_ok=True)
    load_settings().reports_dir.joinpath("go").touch()


def test_one_report_is_made_at_a_time_and_says_how_far_it_is(runs: ReportRuns) -> None:
    """The second one waits for the first."""
    first, second = (runs.start("campaign_report", {"banner": name}) for name in "ab")
    reach(runs, first, MAKING)
    until(lambda: now(runs, first).cells_done == 2)

    assert now(runs, first).cells == 4
    assert now(runs, second).state == WAITING
    let_go()
    made = reach(runs, second, MADE)
    assert now(runs, first).is_over
    assert made.folder is not None
    assert (made.folder / "made").read_text() == "campaign_report"
    assert [run.number for run in runs.runs()] == [second.number, first.number]


def test_a_failure_says_why_in_a_line_fit_for_a_page(runs: ReportRuns) -> None:
    """What a terminal would take for a command is no part of it, and no empty folder is left."""
    failed = reach(runs, runs.start("campaign_report", {"banner": "fails"}), FAILED)

    assert failed.problem == "no data [31m for it"
    assert failed.folder is not None
    assert not failed.folder.exists()


def test_a_report_that_was_killed_says_so(runs: ReportRuns) -> None:
    """By the signal: nothing else is known of it."""
    killed = reach(runs, runs.start("campaign_report", {"banner": "killed"}), FAILED)

    assert killed.problem == "it was ended by signal 9 (SIGKILL); the machine may be short of memory"


def test_a_folder_that_cannot_be_looked_into_stops_no_other_report(
    runs: ReportRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What went wrong with the disk is said of this run; the next one is made."""
    names = iter([PermissionError(13, "Permission denied", "/reports"), None])

    def folder(shelf: Path, name: str) -> Path:
        error = next(names)
        if error is not None:
            raise error
        return new_folder(shelf, name)

    monkeypatch.setattr(report_runs, "new_folder", folder)
    failed, made = (runs.start("campaign_report", {}) for _ in range(2))

    assert "Permission denied" in reach(runs, failed, FAILED).problem
    reach(runs, made, MADE)


def test_a_report_can_be_stopped_while_it_waits_and_while_it_is_made(runs: ReportRuns) -> None:
    """And the next one is made."""
    making, waiting, last = (runs.start("campaign_report", {"banner": name}) for name in "abc")
    until(lambda: now(runs, making).cells_done == 2)
    runs.stop(waiting.number)
    runs.stop(making.number)
    reach(runs, last, MAKING)
    let_go()

    reach(runs, last, MADE)

    assert now(runs, making).state == now(runs, waiting).state == STOPPED
    runs.stop(last.number)
    runs.stop(999)
    assert now(runs, last).state == MADE


def test_closing_ends_also_what_does_not_listen(runs: ReportRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C first, and the signal that nobody can ignore after that."""
    monkeypatch.setattr("panel_app.report_runs._PATIENCE_S", 0.2)
    deaf = runs.start("campaign_report", {"banner": "deaf"})
    until(lambda: now(runs, deaf).cells_done == 3)

    runs.close()

    assert now(runs, deaf).problem.startswith("it was ended by signal 9")


@pytest.mark.parametrize(
    ("name", "given", "problem"),
    [
        ("no_report", {}, "there is no report 'no_report'"),
        ("weekly_report", {"until": "2026-11-01"}, "until"),
        ("weekly_report", {"from": "someday"}, "someday"),
        ("weekly_report", {"snapshot": "/etc"}, "snapshot"),
        ("campaign_report", {"banner": "a\0b"}, "NUL"),
        ("campaign_report", {"banner": "\ud800"}, "UTF-8"),
    ],
)
def test_what_cannot_be_made_is_refused_at_once(
    runs: ReportRuns, name: str, given: dict[str, str], problem: str
) -> None:
    """With the message of the command line; which file of this machine is opened is nobody's choice here."""
    with pytest.raises(BadParameter, match=problem):
        runs.start(name, given)
    assert runs.runs() == []


def test_not_any_number_can_wait(runs: ReportRuns) -> None:
    """Somebody who leans on the button is told."""
    first = runs.start("campaign_report", {"banner": "a"})
    reach(runs, first, MAKING)
    for _ in range(MOST_WAITING):
        runs.start("campaign_report", {"banner": "a"})

    with pytest.raises(BadParameter, match="wait already"):
        runs.start("campaign_report", {"banner": "a"})
