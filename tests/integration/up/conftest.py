"""`pixels up` as a process of its own, with small stand-ins for its parts or with the real ones."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

from tests.waiting import until

STAND_IN = Path(__file__).with_name("stand_in.py")
RUN_UP = """
import sys
from pixels.config import load_settings
from pixels.errors import PixelsError
from pixels.up import run_up
try:
    sys.exit(run_up(load_settings(), demo="demo" in sys.argv, lab="lab" in sys.argv, python=[sys.executable, {stand_in!r}]))
except PixelsError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_code)
"""
READY = "Ctrl-C ends everything"


def process_is_there(pid: int) -> bool:
    """Whether a process has that id, as a zombie too."""
    return Path(f"/proc/{pid}").exists()


def descendants(pid: int) -> list[int]:
    """Return the ids of all processes below `pid`."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text("utf-8", "replace").rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    found, ahead = [], [pid]
    while ahead:
        below = children.get(ahead.pop(), [])
        found += below
        ahead += below
    return found


@dataclass
class Up:
    """A `pixels up` that was started; what it wrote is in files, so that it never waits for a reader."""

    process: subprocess.Popen[bytes]
    home: Path
    out: Path
    err: Path

    def output(self) -> str:
        """Return what it wrote so far."""
        return self.out.read_text("utf-8")

    def wait_until_ready(self, timeout: float = 30) -> list[int]:
        """Wait for the addresses; return the ids of all processes below it."""
        until(lambda: READY in self.output() or self.process.poll() is not None, timeout=timeout)
        assert self.process.poll() is None, self.output() + self.err.read_text("utf-8")
        return descendants(self.process.pid)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to it alone."""
        self.process.send_signal(number)

    def exit_code(self, timeout: float = 30) -> int:
        """Wait for its end."""
        return self.process.wait(timeout)

    def starts(self, command: str) -> list[dict[str, Any]]:
        """Return how the stand-in for `command` was started: pid, arguments, settings."""
        path = self.home / "starts.jsonl"
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        return [start for start in map(json.loads, lines) if start["arguments"][0].lstrip("-") == command]

    def address(self, name: str) -> str:
        """Return the printed address of a part."""
        found = re.search(rf"^  {name} +(\S+)$", self.output(), re.MULTILINE)
        assert found, self.output()
        return found[1]


StartUp = Callable[..., Up]


@pytest.fixture
def start_up(pixels_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StartUp]:
    """Start `pixels up` on free ports of 127.0.0.1; whatever is left of it is killed after the test."""
    for name in ("COLLECTOR_PORT", "API_PORT", "DASHBOARD_PORT", "LAB_PORT"):
        monkeypatch.setenv(f"PIXELS_{name}", "0")
    started: list[Up] = []

    def start(
        *words: str,
        faults: str = "",
        real: bool = False,
        stdin: IO[bytes] | int | None = subprocess.DEVNULL,
        **popen: Any,
    ) -> Up:
        number = len(started)
        out, err = tmp_path / f"out-{number}", tmp_path / f"err-{number}"
        command = (
            ["-P", "-m", "pixels", "up", *words] if real else ["-c", RUN_UP.format(stand_in=str(STAND_IN)), *words]
        )
        home = pixels_home / "demo" if {"demo", "--demo"}.intersection(words) else pixels_home
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, *command],
                env={**os.environ, "STAND_IN_FAULTS": faults},
                **{"stdin": stdin, "stdout": stdout, "stderr": stderr, **popen},
            )
        up = Up(process, home, out, err)
        started.append(up)
        return up

    yield start
    for up in started:
        if up.process.poll() is None:
            below = descendants(up.process.pid)
            up.process.kill()
            up.process.wait()
            for pid in below:
                if process_is_there(pid):
                    os.kill(pid, signal.SIGKILL)
