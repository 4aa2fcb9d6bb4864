"""What a file is made of: lines or rows, each an event, refused, or skipped; and lines of bytes, none larger than an event."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, NamedTuple, Protocol

from aggregator.contract import contract

NewId = Callable[[bytes], str]
"""Gives an id to what has none, by its content: the same content once more gets another id."""

Judged = bytes | tuple[str, str]
"""The JSON of an event; or the reason and the detail of a refusal."""


class Refused(NamedTuple):
    """A line that cannot be an event: a reason of `schema/refusal.schema.json` or `bad_line`, and what a person should know."""

    reason: str
    detail: str


class Skipped(NamedTuple):
    """A line that is none of our business, and why."""

    why: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line or row of a file: its number, counted from 1, how it stands there, and the JSON of the event it becomes."""

    number: int
    written: bytes
    outcome: bytes | Refused | Skipped


class Judge(Protocol):
    """Knows what the collector would have made of history. It is handed in: the aggregator does not know the collector."""

    def json(self, line: bytes, new_id: NewId) -> Judged:
        """Judge a line of JSON."""
        ...

    def row(self, columns: Iterable[tuple[str, str]], new_id: NewId) -> Judged:
        """Judge a row by the names and texts of its columns."""
        ...

    def request(
        self,
        event_type: str,
        path: str,
        query: bytes,
        *,
        at: datetime,
        source_ip: str | None,
        user_agent: bytes | None,
        content: bytes,
        new_id: NewId,
    ) -> Judged:
        """Judge a GET request."""
        ...


def outcome_of(judged: Judged) -> bytes | Refused:
    """Return what a judge says as what becomes of a line."""
    return judged if isinstance(judged, bytes) else Refused(*judged)


def numbered_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield each line without its end, with its number.

    Of a line that is larger than an event may be only so much is kept that it can be seen: one byte more than the limit.
    """
    limit = contract().message_bytes
    number = 0
    while piece := stream.readline(limit + 2):  # with the end of the line
        number += 1
        line = piece.removesuffix(b"\n").removesuffix(b"\r")
        while not piece.endswith(b"\n") and (piece := stream.readline(limit)):
            pass
        yield number, line[: limit + 1]


def too_large(line: bytes) -> Refused | None:
    """Return the refusal of a line that is larger than an event may be."""
    limit = contract().message_bytes
    return Refused("too_large", f"the line has more than {limit} bytes") if len(line) > limit else None
