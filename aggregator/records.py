"""What a pass reads: records of a log, in slices of one partition, and where each slice leaves off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

Stream = Literal["events", "refusals"]


@dataclass(frozen=True, slots=True)
class Slice:
    """Consecutive records of one partition, as columns of equal length.

    `source` names the log for ever: cluster and topic id, or the log's UUID. `appended_at_ms` is when the log took
    each record, Unix milliseconds. `next_offset` is where reading goes on, also past what is no record (transaction
    markers), so a slice may be empty and still move on.
    """

    source: str
    partition: int
    stream: Stream
    offsets: list[int]
    appended_at_ms: list[int]
    values: list[bytes | None]
    next_offset: int


Offsets = dict[tuple[str, int], int]
"""Next offset by (source, partition)."""


class Source(Protocol):
    """One log, read up to where it stood when it was opened."""

    def read(self, limit: int) -> list[Slice]:
        """Return the next records, about `limit` at most; an empty list when the end is reached."""
        ...

    def mark_stored(self) -> None:
        """Tell the log's own monitors that all that was read is stored; what counts is in the warehouse."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...
