"""What the collector needs of a log: two streams, a durable append, an honest failure."""

from __future__ import annotations

from typing import Final, Literal, Protocol

from pixels.errors import PixelsError

Stream = Literal["events_queue", "events_queue_rejected"]

EVENTS: Final = "events_queue"
REJECTED: Final = "events_queue_rejected"


class LogUnavailable(PixelsError):
    """The log cannot say that a record is durable. The record may still be stored; whoever sent it should try again."""

    exit_code = 75


class EventLog(Protocol):
    """Where events and refusals go. `append` belongs to one event loop; `close` may be called from any thread."""

    async def append(self, stream: Stream, key: bytes | None, value: bytes) -> None:
        """Return when the record is durable; raise `LogUnavailable` when that cannot be said."""

    def close(self) -> None:
        """Store what was already appended, then let go of files and connections. A later append is refused."""
