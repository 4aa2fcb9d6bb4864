"""What the collector needs of a log: two streams, a durable append, an honest failure; and what a log tells of itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal, Protocol

from pixels.errors import PixelsError

Stream = Literal["events_queue", "events_queue_rejected"]

EVENTS: Final = "events_queue"
REJECTED: Final = "events_queue_rejected"
STREAMS: Final[tuple[Stream, ...]] = (EVENTS, REJECTED)


class LogUnavailable(PixelsError):
    """The log cannot say that a record is durable. The record may still be stored; whoever sent it should try again."""

    exit_code = 75


class RecordRefused(LogUnavailable):
    """The log works and will never take this record, because of what the record is."""


class Fate(Enum):
    """What became of a record that was sent on."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    """It will never be taken, because of what it is."""
    FAILED = "failed"
    """It was not taken now, or nobody knows."""


@dataclass(frozen=True)
class LogState:
    """Where an event goes now, and what a person should know about it."""

    log: Literal["local", "kafka", "spool"]
    detail: str


class EventLog(Protocol):
    """Where events and refusals go. `append` and `check` belong to one event loop; `close` may be called from any thread."""

    async def append(self, stream: Stream, key: bytes | None, value: bytes) -> None:
        """Return when the record is durable; raise `LogUnavailable` when that cannot be said."""

    async def check(self) -> LogState:
        """Prove that an event can be made durable now and say where; raise `LogUnavailable` when none can."""

    def close(self) -> None:
        """Store what was already appended, then let go of files and connections. A later append is refused."""


class LogObserver(Protocol):
    """Who wants to know how the log fares. Its methods cost little and are called from several threads."""

    def spooled(self) -> None:
        """Take note that a record went to the spool, durable, because Kafka did not take it in time."""

    def forwarded(self, count: int) -> None:
        """Take note that so many records went from the spool to where they belong."""

    def kafka_error(self) -> None:
        """Take note of a delivery that failed, or of an error that Kafka's client reports."""

    def kafka_is(self, *, up: bool) -> None:
        """Take note of whether new records go to Kafka, or to the spool."""


class NoObserver:
    """Takes no note of anything."""

    def spooled(self) -> None:
        """Do nothing."""

    def forwarded(self, count: int) -> None:
        """Do nothing."""

    def kafka_error(self) -> None:
        """Do nothing."""

    def kafka_is(self, *, up: bool) -> None:
        """Do nothing."""


NOBODY: Final = NoObserver()
