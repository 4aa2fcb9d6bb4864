"""Processes that read a warehouse all the time, and passes beside them whose CPU seconds are known."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.interruptions import REPOSITORY, Environment
from tests.kafka_broker import stands_still
from tests.waiting import until


@dataclass(frozen=True)
class Readers:
    """Some of `tests.snapshot_reader`, each with a snapshot open."""

    processes: list[subprocess.Popen[str]]

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Stop them all where they are, files open, for as long as the block takes."""
        for process in self.processes:
            process.send_signal(signal.SIGSTOP)
        try:
            for process in self.processes:
                until(partial(stands_still, process.pid), what="every thread of a reader stands still")
            yield
        finally:
            for process in self.processes:
                process.send_signal(signal.SIGCONT)

    def finish(self) -> list[dict[str, Any]]:
        """End them, and return what each saw."""
        for process in self.processes:
            process.terminate()
        return [json.loads(process.communicate(timeout=60)[0]) for process in self.processes]


@contextmanager
def reading(env: Environment, count: int) -> Iterator[Readers]:
    """Let so many processes read for the length of the block; something must be published."""
    command = [sys.executable, "-m", "tests.snapshot_reader"]
    readers = Readers(
        [
            subprocess.Popen(command, cwd=REPOSITORY, env={**os.environ, **env}, stdout=subprocess.PIPE, text=True)
            for _ in range(count)
        ]
    )
    try:
        for process in readers.processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "open\n", "a reader could not open the snapshot"
        yield readers
    finally:
        for process in readers.processes:
            process.kill()
            process.wait()


def cpu_seconds_of_a_pass(env: Environment) -> float:
    """Run `pixels aggregate` and return the processor time it took."""
    child = subprocess.Popen(
        [sys.executable, "-m", "pixels", "aggregate"], env={**os.environ, **env}, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, "the pass failed beside its readers"
    return used.ru_utime + used.ru_stime
