"""Keep a set of services running until somebody ends them, and leave nothing behind.

Signals are never handled asynchronously: they stay blocked and are taken where the supervisor waits (sigtimedwait),
so that no signal meets half a step.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from pixels.errors import BadParameter, ConfigurationError, PixelsError
from pixels.processes import Child, adopt_orphans, end, last_lines, reap_orphans

QUICK_S = 15.0
"""A service that lives shorter than this died "at once"."""
QUICK_DEATHS = 4
"""So many quick deaths in a row end everything."""
_FIRST_BACK_OFF_S, _LONGEST_BACK_OFF_S = 0.5, 10.0
_STILL_WRONG = {BadParameter.exit_code, ConfigurationError.exit_code}  # trying again cannot mend them


class Interrupted(Exception):
    """Somebody asked for the end: SIGINT, SIGTERM or SIGHUP."""


class ServiceFailed(PixelsError):
    """A service does not run, and trying again did not help or cannot."""


@dataclass(frozen=True)
class Service:
    """A command that is to run all the time, and how one sees that it is ready for work."""

    name: str  # of its log file
    title: str  # for a person
    command: Sequence[str]
    ready: Callable[[], bool] = lambda: True
    environment: Mapping[str, str] = field(default_factory=dict)  # besides the one all services share


class Console:
    """Writes lines for a person; on a terminal also one passing line with what is under way.

    When nobody can read any more (a closed terminal, a pipe whose reader left) it falls silent: services matter more.
    """

    def __init__(self, out: TextIO | None) -> None:
        self._out = out
        self._clear = "\r\x1b[K" if out is not None and out.isatty() else ""

    def say(self, text: str) -> None:
        """Write a line that stays."""
        self._write(f"{self._clear}{text}\n")

    def under_way(self, text: str) -> None:
        """Show on a terminal what is going on until the next line."""
        if self._clear:
            self._write(f"{self._clear}{text}")

    def _write(self, text: str) -> None:
        if self._out is None:
            return
        try:
            self._out.write(text)
            self._out.flush()
        except OSError:
            self._out = None


@dataclass
class _Running:
    service: Service
    child: Child | None
    quick_deaths: int = 0
    due: float = 0.0  # when to start again, while there is no child


class Supervisor:
    """Starts services, restarts those that die, and ends them all on leaving the `with` block.

    A method that waits raises `Interrupted` when a signal asks for the end, and `ServiceFailed` when a service cannot
    be kept running. Output goes to `run_dir`/NAME.log, which begins empty.
    """

    def __init__(self, run_dir: Path, environment: Mapping[str, str], console: Console) -> None:
        self._run_dir, self._environment, self._console = run_dir, environment, console
        self._running: list[_Running] = []
        self._task: Child | None = None
        self._ends = {signal.SIGINT, signal.SIGTERM}
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup means: go on without the terminal
            self._ends.add(signal.SIGHUP)

    def __enter__(self) -> Self:
        self._mask_before = signal.pthread_sigmask(signal.SIG_BLOCK, {*self._ends, signal.SIGCHLD})
        adopt_orphans(True)  # so that what a dead part leaves behind, in other sessions too, is ended with the rest
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._console.under_way("Ending everything ...")
        try:
            end(self._children(), hurry=lambda seconds: self._signal(seconds) == signal.SIGINT)
        finally:
            self._console.under_way("")
            adopt_orphans(False)
            while self._signal(0):  # a second Ctrl-C has been obeyed; it is not for whoever comes after us
                pass
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask_before)

    def start(self, service: Service) -> None:
        """Start a service and keep it running from now on."""
        self._log(service).write_bytes(b"")
        self._running.append(_Running(service, self._child(service)))

    def wait_for(self, service: Service, within: float | None = None) -> None:
        """Wait until `service` is ready; longer than `within` seconds means that it has failed."""
        started = time.monotonic()
        while not service.ready():
            waited = time.monotonic() - started
            if within is not None and waited > within:
                raise self._failure(service, f"is not ready after {within:.0f} s")
            self._console.under_way(f"  {service.title} ... {waited:.0f} s")
            self._pause(0.1)
        self._console.say(f"  {service.title}: ready")

    def run(self, task: Service) -> None:
        """Run a command that ends by itself and wait for its end; it has failed when its exit code is not 0."""
        self._log(task).write_bytes(b"")
        self._task = child = self._child(task)
        while not child.ended():
            self._console.under_way(f"  {task.title} ... {time.monotonic() - child.started:.0f} s")
            self._pause(0.2)
        if code := child.reap():
            raise self._failure(task, _how_it_ended(code))
        self._console.say(f"  {task.title}: done")

    def watch(self) -> None:
        """Keep everything running until `Interrupted` or `ServiceFailed`."""
        while True:
            self._pause(1.0)

    def _pause(self, seconds: float) -> None:
        """Wait, not longer than until a child ends, then look after the services."""
        if self._signal(seconds):
            raise Interrupted
        for running in self._running:
            self._look_after(running)
        reap_orphans(self._children())

    def _signal(self, seconds: float) -> int:
        """Wait at most `seconds` for a signal that asks for the end and return it; 0 when something else happened."""
        taken = signal.sigtimedwait({*self._ends, signal.SIGCHLD}, seconds)
        return taken.si_signo if taken and taken.si_signo in self._ends else 0

    def _look_after(self, running: _Running) -> None:
        now = time.monotonic()
        if running.child is None:
            if now >= running.due:
                running.child = self._child(running.service)
            return
        if not running.child.ended():
            return
        quick = now - running.child.started < QUICK_S
        code = running.child.reap()
        running.child = None
        running.quick_deaths = running.quick_deaths + 1 if quick else 0
        if code in _STILL_WRONG:
            raise self._failure(running.service, _how_it_ended(code))
        if running.quick_deaths >= QUICK_DEATHS:
            raise self._failure(running.service, f"{_how_it_ended(code)}, {QUICK_DEATHS} times in a row at once")
        back_off = min(_FIRST_BACK_OFF_S * 2**running.quick_deaths, _LONGEST_BACK_OFF_S)
        running.due = now + back_off
        what = f"{running.service.title} {_how_it_ended(code)}; it starts again in {back_off:g} s."
        self._console.say("\n".join([what, *self._last_lines(running.service, 4)]))

    def _children(self) -> list[Child]:
        return [child for child in [*(running.child for running in self._running), self._task] if child]

    def _child(self, service: Service) -> Child:
        return Child(service.command, {**self._environment, **service.environment}, self._log(service))

    def _failure(self, service: Service, what: str) -> ServiceFailed:
        last = "\n".join(self._last_lines(service, 12))
        return ServiceFailed(f"{service.title} {what}. The end of {self._log(service)}:\n{last}")

    def _last_lines(self, service: Service, number: int) -> list[str]:
        return [f"  | {line}" for line in last_lines(self._log(service), number)]

    def _log(self, service: Service) -> Path:
        return self._run_dir / f"{service.name}.log"


def _how_it_ended(code: int) -> str:
    return f"ended with exit code {code}" if code >= 0 else f"was ended by {signal.Signals(-code).name}"
