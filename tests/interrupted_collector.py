"""A collector that kills itself with SIGKILL after its N-th append, before it answers: `python -m tests.interrupted_collector N`."""

from __future__ import annotations

import os
import signal
import sys

import uvicorn

from collector.app import create_app
from collector.event_log import LogState, Stream
from collector.local_log import LocalLog, open_local_log
from pixels.config import load_settings


class DyingLog:
    """The embedded log of a process that dies right after a record became durable."""

    def __init__(self, log: LocalLog, appends: int) -> None:
        self._log, self._left = log, appends

    async def append(self, stream: Stream, key: bytes | None, value: bytes) -> None:
        """Append, then die if it was the last one."""
        await self._log.append(stream, key, value)
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)

    async def check(self) -> LogState:
        """Say what the embedded log says."""
        return await self._log.check()

    def close(self) -> None:
        """Close the log."""
        self._log.close()


def main() -> None:
    log = DyingLog(open_local_log(load_settings().log_dir), int(sys.argv[1]))
    uvicorn.run(create_app(log), host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")


if __name__ == "__main__":
    main()
