"""Lines to batches of events: what the collector's rules let pass goes through the rules for records of the log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl

from aggregator.decode import decode
from aggregator.imports.access_log import read_access_log
from aggregator.imports.comma_separated import read_csv
from aggregator.imports.lines import Judge, Line, NewId, Refused, Skipped
from aggregator.imports.ndjson import read_ndjson
from aggregator.imports.opening import OpenedFile, UnusableFile, failures_of
from aggregator.imports.parquet import read_parquet
from aggregator.records import Slice

_BATCH_BYTES = 32 * 1024 * 1024
_SOURCE = "import"


class RefusedLine(NamedTuple):
    """A line that was refused, where it stands, and how."""

    number: int
    reason: str
    detail: str
    written: bytes


@dataclass
class Batch:
    """Consecutive lines of a file: the events they became (EVENT_COLUMNS), the lines that became none, by their number."""

    read: int
    events: pl.DataFrame
    refused: list[RefusedLine]
    skipped: Counter[str]


@dataclass
class _Gathered:
    """Lines that are not decoded yet."""

    values: list[bytes | None] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    written: dict[int, bytes] = field(default_factory=dict)
    refused: list[RefusedLine] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    read: int = 0
    held_bytes: int = 0

    def take(self, line: Line) -> None:
        """Add a line."""
        self.read += 1
        match line.outcome:
            case Skipped(why):
                self.skipped[why] += 1
                return
            case Refused(reason, detail):
                self.refused.append(RefusedLine(line.number, reason, detail, line.written))
                self.held_bytes += len(line.written)
            case bytes() as value:
                self.values.append(value)
                self.numbers.append(line.number)
                self.written[line.number] = line.written
                self.held_bytes += len(value) + len(line.written)

    def decoded(self, appended_at_ms: int) -> Batch:
        """Return the events; what the rules of the log are against is refused as well."""
        records = Slice(
            source=_SOURCE,
            partition=0,
            stream="events",
            offsets=self.numbers,
            appended_at_ms=[appended_at_ms] * len(self.values),
            values=self.values,
            next_offset=0,
        )
        events, rejected = decode([records])
        refused = [
            RefusedLine(number, reason, detail, self.written[number])
            for number, reason, detail in rejected.select("offset", "reason", "detail").iter_rows()
        ]
        return Batch(self.read, events, sorted([*self.refused, *refused]), self.skipped)


def read_lines(file: OpenedFile, judge: Judge, new_id: NewId, prefix: str) -> Iterator[Line]:
    """Yield what the lines of a file become, whatever its format; `prefix` stands before pixels' paths in access logs."""
    match file.format:
        case "ndjson":
            return read_ndjson(file.stream, judge, new_id)
        case "csv":
            return read_csv(file.name, file.stream, judge, new_id)
        case "parquet":
            return read_parquet(file, judge, new_id)
        case "access-log":
            return read_access_log(file.stream, judge, new_id, prefix)


def batches(name: str, lines: Iterable[Line], size: int, appended_at_ms: int) -> Iterator[Batch]:
    """Yield the lines of a file in batches of `size`, fewer when they are large.

    `appended_at_ms` is when they came, Unix milliseconds. What reading fails with, an UnusableFile, is raised after the
    batch of what was read before.
    """
    gathered, failure = _Gathered(), None
    try:
        with failures_of(name):
            for line in lines:
                gathered.take(line)
                if gathered.read >= size or gathered.held_bytes >= _BATCH_BYTES:
                    yield gathered.decoded(appended_at_ms)
                    gathered = _Gathered()
    except UnusableFile as error:
        failure = error
    if gathered.read:
        yield gathered.decoded(appended_at_ms)
    if failure:
        raise failure
