"""`pixels collect` that kills itself with SIGKILL at a named step: `python -m tests.faults.dying_collector STEP HIT WHO FUSE [OPTION ...]`.

Nothing of the collector is changed. The steps are moments of its work with librdkafka and SQLite, whose classes are
replaced by ones that die. WHO dies at the HIT-th time is the `worker` or `all`, the master too; once, because the file
FUSE goes with it: the worker that comes after lives.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import current_thread, main_thread
from typing import Any

import confluent_kafka

STEPS_WITH_KAFKA = ("before_produce", "after_produce", "after_report")
STEPS_OF_A_FILE = ("before_commit", "after_commit")
STEPS_OF_THE_FORWARDER = ("forwarder_read", "forwarder_produced", "forwarder_delivered", "forwarder_deleted")


class Fuse:
    """Counts the step's hits, and kills at the one that was chosen."""

    def __init__(self, step: str, hit: int, who: str, file: Path) -> None:
        self._step, self._left, self._who, self._file = step, hit, who, file

    def reached(self, step: str) -> None:
        """Die here, or go on."""
        if step != self._step:
            return
        self._left -= 1
        if self._left == 0 and self._file.exists():
            self._file.unlink()
            if self._who == "all":
                os.killpg(0, signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)


def dying_producer(fuse: Fuse) -> type[confluent_kafka.Producer]:
    """Return a producer class that reaches steps; the event loop's thread serves requests, any other one forwards."""

    class DyingProducer(confluent_kafka.Producer):
        def produce(self, topic: str, value: bytes, key: bytes | None, *, on_delivery: Callable[..., None]) -> None:
            serving = current_thread() is main_thread()

            def report(*arguments: Any) -> None:
                on_delivery(*arguments)
                fuse.reached("after_report" if serving else "forwarder_delivered")

            fuse.reached("before_produce" if serving else "forwarder_read")
            super().produce(topic, value, key, on_delivery=report)
            fuse.reached("after_produce" if serving else "forwarder_produced")

    return DyingProducer


def dying_connection(fuse: Fuse) -> type[sqlite3.Connection]:
    """Return a class of SQLite connections that reach steps around the commits of records."""

    class DyingConnection(sqlite3.Connection):
        _changing = ""

        def executemany(self, statement: str, rows: Any) -> sqlite3.Cursor:
            self._changing = statement.split(maxsplit=1)[0]
            return super().executemany(statement, rows)

        def execute(self, statement: str, *parameters: Any) -> sqlite3.Cursor:
            if statement != "COMMIT":
                return super().execute(statement, *parameters)
            changing, self._changing = self._changing, ""
            if changing == "INSERT":
                fuse.reached("before_commit")
            done = super().execute(statement)
            if changing:
                fuse.reached("after_commit" if changing == "INSERT" else "forwarder_deleted")
            return done

    return DyingConnection


def main() -> None:
    step, hit, who, file, *options = sys.argv[1:]
    fuse = Fuse(step, int(hit), who, Path(file))
    confluent_kafka.Producer = dying_producer(fuse)
    sqlite3.connect = partial(sqlite3.connect, factory=dying_connection(fuse))  # type: ignore[assignment]
    sys.argv = ["pixels", "collect", *options]

    from pixels.cli import main as run

    run()


if __name__ == "__main__":
    main()
