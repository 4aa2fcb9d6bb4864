"""Reports that are made while people look: one after the other, each by `pixels report` in a process of its own."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from threading import Condition, Thread, Timer

from pixels.config import Settings
from pixels.errors import BadParameter
from pixels.processes import settings_environment
from pixels.reports.asked import SNAPSHOT
from pixels.reports.execution import one_line
from pixels.reports.notebooks import ReportNotebook, report_notebook
from pixels.reports.parameters import Parameter, check_parameters, declared_parameters
from pixels.reports.shelf import new_folder

WAITING, MAKING, MADE, FAILED, STOPPED = "waiting", "making", "made", "failed", "stopped"
_FILE = "file"
MOST_WAITING = 20
_REMEMBERED = 20
_PATIENCE_S = 10.0
_CELLS = re.compile(r"cell (\d+) of (\d+)")


@dataclass(frozen=True)
class ReportRun:
    """A report that somebody asked for, and how far it is."""

    number: int
    name: str
    given: tuple[tuple[str, str], ...]
    """The parameters as they were given."""
    asked_at: datetime
    state: str = WAITING
    cells_done: int = 0
    cells: int = 0
    """0: not known yet."""
    folder: Path | None = None
    problem: str = ""
    """Why it failed, in a line."""
    ended_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether it will not change any more."""
        return self.ended_at is not None


class ReportRuns:
    """What runs, what waits, and what ended last. For any thread.

    One report is made at a time, so that the dashboard keeps a core for those who look at it. `command` is what makes one,
    by default `pixels report`.
    """

    def __init__(
        self, settings: Settings, command: Sequence[str] = (sys.executable, "-P", "-m", "pixels", "report")
    ) -> None:
        self._settings, self._command = settings, tuple(command)
        self._changed = Condition()
        self._numbers = count(1)
        self._runs: dict[int, ReportRun] = {}
        self._process: subprocess.Popen[str] | None = None
        self._is_closed = False
        self._thread: Thread | None = None

    def runs(self) -> list[ReportRun]:
        """Return what is known of the latest runs, the newest first."""
        with self._changed:
            return list(reversed(self._runs.values()))

    def start(self, name: str, given: Mapping[str, str]) -> ReportRun:
        """Have a report made when its turn comes. Raises BadParameter for what `pixels report` would not run."""
        notebook = report_notebook(name)
        if not can_be_made_here(notebook):
            raise BadParameter("report", f"{name} reads a file of this machine: make it with `pixels report {name}`")
        check_parameters(takes(notebook), given)
        for parameter, value in given.items():
            if "\0" in value:
                raise BadParameter(parameter, "a NUL character cannot be in it")
        with self._changed:
            if sum(run.state == WAITING for run in self._runs.values()) >= MOST_WAITING:
                raise BadParameter("report", f"{MOST_WAITING} reports wait already; let some of them be made first")
            run = ReportRun(next(self._numbers), name, tuple(given.items()), datetime.now(UTC))
            self._runs[run.number] = run
            self._forget()
            if self._thread is None:
                self._thread = Thread(target=self._work, name="makes-reports", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return run

    def stop(self, number: int) -> None:
        """Let a report be that waits or is being made; one that is over stays as it is."""
        with self._changed:
            run = self._runs.get(number)
            if run is None or run.is_over:
                return
            self._end(number, STOPPED)
            if run.state == MAKING:
                self._interrupt()

    def close(self) -> None:
        """End what is being made, and wait until it has ended."""
        with self._changed:
            self._is_closed = True
            self._interrupt()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _forget(self) -> None:
        over = [number for number, run in self._runs.items() if run.is_over]
        for number in over[: max(0, len(over) - _REMEMBERED)]:
            del self._runs[number]

    def _work(self) -> None:
        """Make one report after the other."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_closed or self._next() is not None)
                run = self._next()
                if self._is_closed or run is None:
                    return
                try:
                    folder = new_folder(self._settings.reports_dir, run.name)
                except OSError as error:
                    self._end(run.number, FAILED, str(error))
                    continue
                self._runs[run.number] = run = replace(run, state=MAKING, folder=folder)
            self._make(run, folder)

    def _next(self) -> ReportRun | None:
        return next((run for run in self._runs.values() if run.state == WAITING), None)

    def _make(self, run: ReportRun, folder: Path) -> None:
        parameters = [word for name, value in run.given for word in ("-p", f"{name}={value}")]
        try:
            process = subprocess.Popen(
                [*self._command, run.name, *parameters, "--out", str(folder.absolute()), "--progress"],
                env=settings_environment(self._settings),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=True,  # a Ctrl-C in the terminal reaches the dashboard alone, which ends it in order
            )
        except (OSError, ValueError) as error:
            with self._changed:
                self._end(run.number, FAILED, str(error))
            return
        with self._changed:
            self._process = process
            if self._is_closed or self._runs[run.number].state != MAKING:  # stopped while it started
                self._interrupt()
        said = self._follow(run.number, process)
        code = process.wait()
        with suppress(OSError):  # there are files in it, or none was ever made
            folder.rmdir()
        with self._changed:
            self._process = None
            self._end(run.number, MADE if code == 0 else FAILED, "" if code == 0 else said or _ended(code))

    def _follow(self, number: int, process: subprocess.Popen[str]) -> str:
        """Read how far it is until it has ended, and return the last line that it said besides."""
        said = ""
        assert process.stderr is not None  # noqa: S101 - a pipe, as asked
        with process.stderr as lines:
            for line in lines:
                found = _CELLS.fullmatch(line.strip())
                if found is None:
                    said = one_line(line).strip() or said
                    continue
                with self._changed:
                    done, cells = int(found[1]), int(found[2])
                    self._runs[number] = replace(self._runs[number], cells_done=done, cells=cells)
        return said.removeprefix("pixels: ")

    def _end(self, number: int, state: str, problem: str = "") -> None:
        """Note how a run ended; what was said of it first stays."""
        run = self._runs.get(number)
        if run is not None and not run.is_over:
            self._runs[number] = replace(run, state=state, problem=problem, ended_at=datetime.now(UTC))

    def _interrupt(self) -> None:
        """Have the command clear up and end, as Ctrl-C does; one that takes too long is ended."""
        process = self._process
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)
            last = Timer(_PATIENCE_S, process.kill)
            last.daemon = True
            last.start()


def _ended(code: int) -> str:
    """Say how a command ended that said nothing itself."""
    if code >= 0:
        return f"it ended with {code}"
    return f"it was ended by signal {-code} ({signal.Signals(-code).name}); the machine may be short of memory"


def can_be_made_here(notebook: ReportNotebook) -> bool:
    """Whether a report reads no file that somebody at a browser could name: any file of this machine would be theirs to read."""
    return _FILE not in {parameter.name for parameter in declared_parameters(notebook)}


def takes(notebook: ReportNotebook) -> list[Parameter]:
    """Return what can be said of a report here: all but which file of this machine it opens."""
    return [parameter for parameter in declared_parameters(notebook) if parameter.name != SNAPSHOT]
