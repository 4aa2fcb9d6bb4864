"""`pixels collect` that answers first and stores a little later, as other trackers do: `python -m tests.faults.hasty_collector [OPTION ...]`."""

from __future__ import annotations

import asyncio
import sys
from typing import ClassVar

from collector.event_log import Stream
from collector.local_log import LocalLog
from pixels.cli import main

LATER_SECONDS = 0.2


class HastyLog(LocalLog):
    """A local log whose `append` does not wait for anything."""

    _tasks: ClassVar[set[asyncio.Task[None]]] = set()

    async def append(self, stream: Stream, key: bytes | None, value: bytes) -> None:
        """Return at once; store later."""
        store = super().append

        async def later() -> None:
            await asyncio.sleep(LATER_SECONDS)
            await store(stream, key, value)

        self._tasks.add(asyncio.create_task(later()))


if __name__ == "__main__":
    import collector.local_log

    collector.local_log.LocalLog = HastyLog  # type: ignore[misc]
    sys.argv = ["pixels", "collect", *sys.argv[1:]]
    main()
