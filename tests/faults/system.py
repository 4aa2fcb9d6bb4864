"""The collector as users run it, on a port that it keeps over restarts, with a spool that can be watched from outside."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from tests.faults.load import Load
from tests.integration.collector.running import ANNOUNCEMENT, PIXELS, environment, is_gone
from tests.kafka_broker import KafkaBroker
from tests.waiting import free_port, until

SETTLED_SECONDS = 1.0
"""So long must nothing new come to an empty spool before it counts as one that is not needed any more."""


class Collector:
    """`pixels collect` with its state in `home`; started, ended and started again on one port.

    Its log lines are in `errors`, a file beside `home` unless another is given.
    """

    def __init__(self, home: Path, settings: Mapping[str, str], errors: Path | None = None) -> None:
        self.home, self.settings = home, settings
        self.errors = errors or home.with_suffix(".err")
        self.address = ("127.0.0.1", free_port())
        self._process: subprocess.Popen[bytes] | None = None
        home.mkdir(parents=True, exist_ok=True)

    def start(self, *, workers: int = 1, command: tuple[str, ...] = (str(PIXELS), "collect")) -> None:
        """Return when the port is open; the workers may still be starting."""
        with self.errors.open("ab") as stderr:
            self._process = subprocess.Popen(
                [*command, "--port", str(self.address[1]), "--workers", str(workers)],
                env=environment(self.home, **self.settings),
                stdout=subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline().decode()
        assert line.startswith(ANNOUNCEMENT), self.errors.read_text()[-4000:]

    def kill(self) -> None:
        """End master and workers as a power switch would."""
        assert self._process is not None
        members = [self._process.pid, *self.workers()]
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self.wait()
        until(lambda: all(map(is_gone, members)), what="master and workers are gone")

    def wait(self, timeout: float = 60) -> int:
        """Wait until the master has ended; return its exit code."""
        assert self._process is not None
        code = self._process.wait(timeout)
        if self._process.stdout:
            self._process.stdout.close()
        return code

    def stop(self) -> int:
        """Ask it to finish; return its exit code."""
        assert self._process is not None
        self._process.terminate()
        return self.wait()

    def has_ended(self) -> bool:
        """Tell whether the master has ended."""
        return self._process is None or self._process.poll() is not None

    def workers(self) -> list[int]:
        """Return the process ids of the workers."""
        assert self._process is not None
        try:
            children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return []
        return [int(pid) for pid in children.split()]

    def resident_mebibytes(self) -> float:
        """Return the memory that the workers have in use (VmRSS), in MiB."""
        statuses = [Path(f"/proc/{pid}/status").read_text() for pid in self.workers()]
        return sum(int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) for status in statuses) / 1024


def aggregate(home: Path, settings: Mapping[str, str]) -> Path:
    """Run one pass over the logs of `home`; return the warehouse."""
    done = subprocess.run([PIXELS, "aggregate"], env=environment(home, **settings), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return home / "warehouse.duckdb"


@contextmanager
def collecting(collector: Collector, *, workers: int = 1) -> Iterator[Collector]:
    """Start the collector; whatever runs of it when the block ends is killed."""
    collector.start(workers=workers)
    try:
        yield collector
    finally:
        if not collector.has_ended():
            collector.kill()


def kafka_settings(kafka: KafkaBroker, topic: str, ack_timeout: float = 1.0) -> dict[str, str]:
    """Return the settings of a collector that appends to a topic, and turns to its spool after `ack_timeout` seconds."""
    return {
        "PIXELS_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "PIXELS_KAFKA_TOPIC": topic,
        "PIXELS_KAFKA_ACK_TIMEOUT": str(ack_timeout),
    }


class Spool(NamedTuple):
    """What the files of a spool show: whether any record waits, and how many ever came in."""

    waiting: bool
    ever: int


def look_into_spool(home: Path) -> Spool:
    """Read all files of the spool; no file is an empty spool."""
    waiting, ever = False, 0
    for path in sorted((home / "spool").glob("*.sqlite")):
        # A file whose making was interrupted has no tables.
        with closing(sqlite3.connect(path, timeout=30)) as spool, suppress(sqlite3.OperationalError):
            waiting |= any(
                spool.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is not None
                for table in ("events_queue", "events_queue_rejected")
            )
            ever += spool.execute("SELECT coalesce(sum(seq), 0) FROM sqlite_sequence").fetchone()[0]
    return Spool(waiting, ever)


class Recovery(NamedTuple):
    """Seconds from a broker's return until the last event went to the spool, and until the spool was empty for good."""

    new_events_direct: float
    spool_empty: float


def recovery(home: Path, load: Load, returned: float, *, timeout: float = 240) -> Recovery:
    """Watch the spool, while the load goes on, until nothing waits in it and nothing new comes in."""
    ever, grew, emptied = look_into_spool(home).ever, returned, time.monotonic()
    enough = len(load.acknowledged) + 100

    def settled() -> bool:
        nonlocal ever, grew, emptied
        spool, now = look_into_spool(home), time.monotonic()
        if spool.ever > ever:
            ever, grew = spool.ever, now
        if spool.waiting:
            emptied = now
        return now - max(grew, emptied) > SETTLED_SECONDS and len(load.acknowledged) >= enough

    until(settled, timeout=timeout, what="the spool is empty and not needed")
    return Recovery(round(grew - returned, 2), round(max(grew, emptied) - returned, 2))


def python(module: str, *arguments: str) -> tuple[str, ...]:
    """Return the command that runs one of this project's modules."""
    return (sys.executable, "-m", module, *arguments)
