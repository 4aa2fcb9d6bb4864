"""The collector's own application and server, save that nothing is stored: `python -m benchmarks.collector.without_a_log PORT [WORKER]`.

WORKER is a worker class as gunicorn names it (`asgi`, `uvicorn_worker.UvicornWorker`); without one it is the collector's own.
"""

from __future__ import annotations

import sys
from typing import Any

from collector.app import create_app
from collector.event_log import LogState, Stream
from collector.gunicorn_app import CollectorServer
from collector.serve import listen
from pixels.config import load_settings


class NoLog:
    """Takes everything, keeps nothing."""

    async def append(self, stream: Stream, key: bytes | None, value: bytes) -> None:
        """Return at once."""

    async def check(self) -> LogState:
        """Say that nothing is kept."""
        return LogState("local", "no log at all")

    def close(self) -> None:
        """There is nothing to close."""


class ServerWithoutALog(CollectorServer):
    """The collector under gunicorn, with the worker class that is to be measured."""

    worker: str | None = None

    def load_config(self) -> None:
        """Set the worker class, when one is given."""
        super().load_config()
        if self.worker:
            self.cfg.set("worker_class", self.worker)

    def load(self) -> Any:
        """Make the application, without a log."""
        return create_app(NoLog())


def main() -> None:
    port, *worker = sys.argv[1:]
    ServerWithoutALog.worker = worker[0] if worker else None
    ServerWithoutALog(load_settings(), listen("127.0.0.1", int(port))).run()


if __name__ == "__main__":
    main()
