"""Child processes that never outlive their parent: one command each, in a session of its own, with a log file.

Linux only: the kernel itself ends a child when the parent is gone (prctl(2), PR_SET_PDEATHSIG), also after a kill -9.
A process that uses this has one thread (the kernel counts the thread that started a child as the parent, and the code
that runs between fork and exec must not meet a lock that another thread held) and no children of other making.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import SecretStr

from pixels.config import Settings

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LIBC = ctypes.CDLL(None, use_errno=True)


class Child:
    """A command that runs now. Its output is appended to `log`; its input is empty."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.started = time.monotonic()
        parent = os.getpid()

        def bind_to_parent() -> None:
            _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:  # it died before the line above
                os._exit(1)
            for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(name, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())

        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # a Ctrl-C in the terminal reaches the parent alone, which then ends us in order
                preexec_fn=bind_to_parent,  # noqa: PLW1509 - one thread, see above
            )
        self.pid = self._process.pid

    def ended(self) -> bool:
        """Whether the command has ended; its process group may still have members until `reap`."""
        if self._process.returncode is not None:
            return True
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the command and all in its process group. Not after `reap`: the group is gone then."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def reap(self) -> int:
        """End what is left of the process group and return the exit code (negative: the signal that ended it)."""
        self.send(signal.SIGKILL)
        return self._process.wait()


def last_lines(log: Path, number: int) -> list[str]:
    """Return the end of a log, fit for a terminal: what strangers sent may stand in it."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 8192))
        text = file.read().decode("utf-8", "replace")
    return ["".join(c if c.isprintable() else " " for c in line) for line in text.splitlines()[-number:]]


def end(children: Sequence[Child], *, hurry: Callable[[float], bool], patience: float = 10.0) -> None:
    """End `children`: SIGTERM, then SIGKILL for what runs after `patience` seconds, and all adopted orphans.

    `hurry(seconds)` waits about so long and returns whether the patience is over.
    """
    for child in children:
        child.send(signal.SIGTERM)
    deadline = time.monotonic() + patience
    while not all(child.ended() for child in children) and time.monotonic() < deadline:
        if hurry(0.2):
            break
    for child in children:
        child.reap()
    _end_orphans()


def adopt_orphans(adopt: bool) -> None:
    """Decide whether processes below this one become its children when their own parents end, or those of init."""
    _prctl(_PR_SET_CHILD_SUBREAPER, int(adopt))


def reap_orphans(children: Sequence[Child]) -> None:
    """Let adopted processes that have ended go for good; `children` are looked after elsewhere."""
    for pid in _children_of_this_process().difference(child.pid for child in children):
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def _end_orphans() -> None:
    while orphans := _children_of_this_process():
        for pid in orphans:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _children_of_this_process() -> set[int]:
    listing = Path(f"/proc/self/task/{os.getpid()}/children")
    return {int(pid) for pid in listing.read_text("ascii").split()} if listing.exists() else set()


def _prctl(option: int, value: int) -> None:
    if _LIBC.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}, {value})")


def settings_environment(settings: Settings) -> dict[str, str]:
    """Return the environment in which a child reads exactly these settings, wherever it runs."""
    values = settings.model_copy(update={"home": settings.home.absolute()}).model_dump()
    return {**os.environ, **{f"PIXELS_{name.upper()}": _as_text(value) for name, value in values.items()}}


def _as_text(value: object) -> str:
    """Write a setting as the environment has it; a secret is itself there."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if value is None:
        return ""
    return json.dumps(value, default=SecretStr.get_secret_value) if isinstance(value, dict) else str(value)
