"""The collector as users run it: `pixels collect`, a process of its own, asked over TCP, its log read as SQLite."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.waiting import until

PIXELS = Path(sys.executable).with_name("pixels")
ANNOUNCEMENT = "collector: listening on "


@dataclass(frozen=True)
class Answer:
    """What the collector answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def reason(self) -> str | None:
        return self.headers.get("x-pixels-rejected")


@dataclass(frozen=True)
class UnderWay:
    """A request that was sent."""

    connection: http.client.HTTPConnection

    def answer(self) -> Answer:
        """Wait for the answer."""
        return read_answer(self.connection.getresponse())


@dataclass(frozen=True)
class RunningCollector:
    """A collector that listens."""

    process: subprocess.Popen[bytes]
    home: Path
    url: str
    errors: Path

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        return str(parts.hostname), int(parts.port or 0)

    def ask(self, target: str, method: str = "GET", headers: Mapping[str, str] | None = None) -> Answer:
        """Send one ordinary request."""
        with closing(http.client.HTTPConnection(*self.address, timeout=30)) as connection:
            connection.request(method, target, headers=dict(headers or {}))
            return read_answer(connection.getresponse())

    def ask_raw(self, request: bytes, *, method: str = "GET") -> Answer:
        """Send bytes that no HTTP client would send."""
        with closing(socket.create_connection(self.address, timeout=30)) as connection:
            connection.sendall(request)
            response = http.client.HTTPResponse(connection, method=method)
            response.begin()
            return read_answer(response)

    def talk(self, requests: bytes) -> bytes:
        """Send bytes at once and return all that comes back until the collector hangs up."""
        with closing(socket.create_connection(self.address, timeout=30)) as connection:
            connection.sendall(requests)
            return b"".join(iter(lambda: connection.recv(65_536), b""))

    @contextmanager
    def sent(self, target: str) -> Iterator[UnderWay]:
        """Send a request; its answer can be read later."""
        with closing(http.client.HTTPConnection(*self.address, timeout=30)) as connection:
            connection.request("GET", target)
            yield UnderWay(connection)

    def workers(self) -> list[int]:
        """Return the process ids of the workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def events(self) -> list[dict[str, Any]]:
        return records(self.home, "events_queue")

    def refusals(self) -> list[dict[str, Any]]:
        return records(self.home, "events_queue_rejected")


def read_answer(response: http.client.HTTPResponse) -> Answer:
    """Read an answer to its end."""
    return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())


def records(home: Path, table: str) -> list[dict[str, Any]]:
    """Return what all slots of a log hold, each slot's records in the order in which they were appended."""
    found: list[dict[str, Any]] = []
    for path in sorted((home / "log").glob("slot-*.sqlite")):
        with closing(sqlite3.connect(path)) as log:
            if not log.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [table]).fetchone():
                continue  # a worker has just begun this file
            found += [
                json.loads(value)
                for (value,) in log.execute(f"SELECT record_value FROM {table} ORDER BY record_offset")
            ]
    return found


def environment(home: Path, **settings: str) -> dict[str, str]:
    """Return the environment of a process whose state is in `home`, without any setting of this machine."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PIXELS_")}
    return {**inherited, "PIXELS_HOME": str(home), **settings}


@contextmanager
def running_collector(home: Path, *options: str, **settings: str) -> Iterator[RunningCollector]:
    """Run `pixels collect --port 0` with its state in `home`; whatever is left of it afterwards is killed."""
    home.mkdir(parents=True, exist_ok=True)
    errors = home / "collector.err"
    with errors.open("ab") as stderr:
        process = subprocess.Popen(
            [PIXELS, "collect", "--port", "0", *options],
            cwd=home,
            env=environment(home, **settings),
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline().decode().rstrip("\n")
        assert line.startswith(ANNOUNCEMENT), errors.read_text()
        yield RunningCollector(process, home, line.removeprefix(ANNOUNCEMENT), errors)
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End the collector, and kill what is left of its process group when it does not go by itself or left workers."""
    process.terminate()
    try:
        process.wait(timeout=30)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout:
            process.stdout.close()


def is_gone(pid: int) -> bool:
    """Tell whether a process has ended; a zombie has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):  # the latter when it goes between the file's opening and reading
        return True


def kill(pid: int) -> None:
    """End a process as a power switch would, and wait until it is gone."""
    os.kill(pid, signal.SIGKILL)
    until(lambda: is_gone(pid), what=f"process {pid} is gone")
