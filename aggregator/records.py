"""What a pass reads: records of a log, in slices of one partition, and where each slice leaves off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

Stream = Literal["events", "refusals"]

BATCH_BYTES = 64 * 1024 * 1024
"""What a source reads at once at most, and one record more: records may be large, and memory is not."""

LATEST_MS = 253_401_868_799_999
"""The last millisecond of 26 December 9999, so that every local day near it can be written; a log's time beyond it, or before
1970, is none."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Records of a partition that were deleted before they were read: from `first_offset` up to, without, `next_offset`.

    On Kafka some of these offsets may have been the markers of transactions, which are no records.
    """

    source: str
    partition: int
    first_offset: int
    next_offset: int

    @property
    def lost(self) -> int:
        """How many records are missing, at most."""
        return self.next_offset - self.first_offset


@dataclass(frozen=True, slots=True)
class Slice:
    """Consecutive records of one partition, as columns of equal length.

    `source` names the log for ever: cluster and topic id, or the log's UUID. `appended_at_ms` is when the log took
    each record, Unix milliseconds. `next_offset` is where reading goes on, also past what is no record (transaction
    markers) and past `gaps`, so a slice may be empty and still move on.
    """

    source: str
    partition: int
    stream: Stream
    offsets: list[int]
    appended_at_ms: list[int]
    values: list[bytes | None]
    next_offset: int
    gaps: tuple[Gap, ...] = ()


Offsets = dict[tuple[str, int], int]
"""Next offset by (source, partition)."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A log and where it was found: 'kafka:<topic>' or 'local:<file>:<stream>'. A place can come to hold another log."""

    source: str
    place: str


class Source(Protocol):
    """One or several logs, read up to where they stood when they were opened."""

    @property
    def origins(self) -> list[Origin]:
        """The logs, also those that hold nothing new."""
        ...

    @property
    def left(self) -> int:
        """How many records are still to be read; on Kafka with the markers of transactions, which are none."""
        ...

    def read(self, limit: int) -> list[Slice]:
        """Return the next records, about `limit` or BATCH_BYTES of them at most; an empty list when none is left."""
        ...

    def mark_stored(self, offsets: Offsets) -> None:
        """Tell the log's own monitors how far it is stored; what counts is in the warehouse."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...
