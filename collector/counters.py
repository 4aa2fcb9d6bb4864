"""What the collector counts, in memory that all its processes share.

The master makes the memory before the first fork. Every worker writes one row of it and no other, by plain assignments:
no lock, no system call. When a worker ends, however that happens, its row stays as it is and the next worker carries on
in it, so totals never go back. Whoever is asked for `/metrics` adds up all rows. The memory goes with the master.
"""

from __future__ import annotations

import mmap
from bisect import bisect_left
from collections.abc import Mapping
from typing import Final, NamedTuple, get_args

from collector.contract import EVENT_TYPES, EventType, Reason

ROWS: Final = 1000
"""As many as the log has slots. A reload starts the new workers before the old ones have gone."""

REASONS: Final[tuple[Reason, ...]] = get_args(Reason)

SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds, inclusive, of the histogram of seconds to acknowledge; one more bucket holds what took longer."""

_CELL_BYTES: Final = 8

# Cells of a row. Those of the first group only grow; the gauges say how it is now, and are cleared when a worker ends.
_STARTS = 0
_ACCEPTED = 1  # for each type a bucket of seconds each, so that an event costs one addition for both
_BUCKETS = len(SECONDS) + 1
_REFUSED = _ACCEPTED + len(EVENT_TYPES) * _BUCKETS
_NOT_KEPT = _REFUSED + len(REASONS)
_SUMMARISED = _NOT_KEPT + len(REASONS)
_NOT_STORED = _SUMMARISED + len(REASONS)
_FAILED = _NOT_STORED + 1
_SPOOLED = _FAILED + 1
_FORWARDED = _SPOOLED + 1
_KAFKA_ERRORS = _FORWARDED + 1
_SECONDS_SUM = _KAFKA_ERRORS + 1  # the one cell that holds a floating-point number
_ALIVE = _SECONDS_SUM + 1
_KAFKA = _ALIVE + 1
_CELLS = _KAFKA + 1

_GAUGES = range(_ALIVE, _CELLS)
_ACCEPTED_AT = {event_type: _ACCEPTED + number * _BUCKETS for number, event_type in enumerate(EVENT_TYPES)}
_NUMBER_OF_REASON = {reason: number for number, reason in enumerate(REASONS)}
_REFUSED_AT = {reason: _REFUSED + number for reason, number in _NUMBER_OF_REASON.items()}

# What the cell of Kafka's state says.
_NO_KAFKA, _KAFKA_DOWN, _KAFKA_UP = 0, 1, 2


class Totals(NamedTuple):
    """The sums over all rows; gauges only over the workers that live."""

    worker_starts: int
    accepted: Mapping[EventType, int]
    refused: Mapping[Reason, int]
    not_kept: Mapping[Reason, int]
    not_stored: int
    failed: int
    spooled: int
    forwarded: int
    kafka_errors: int
    seconds_sum: float
    seconds: tuple[int, ...]
    """Events by the bucket of `SECONDS` they fall into, not yet summed up; the last one is for all that took longer."""
    workers: int
    kafka_up: bool | None
    """Whether every worker's events go to Kafka; None when no worker has one."""


class CounterTable:
    """All rows, in anonymous memory that outlives a fork. Only the master takes rows and gives them back."""

    def __init__(self, rows: int = ROWS) -> None:
        memory = memoryview(mmap.mmap(-1, rows * _CELLS * _CELL_BYTES))  # pages that nobody touched cost nothing
        self._cells = memory.cast("Q")
        self._floats = memory.cast("d")
        self._rows = rows
        self._taken: set[int] = set()

    def take_row(self) -> int:
        """Return the lowest row that no worker has, for a worker that is about to start."""
        # More workers than rows cannot be: each has a slot of the log. Were there more, two would share the last row.
        row = next((row for row in range(self._rows) if row not in self._taken), self._rows - 1)
        self._taken.add(row)
        self._clear_gauges(row)
        self._cells[row * _CELLS + _STARTS] += 1
        return row

    def give_back(self, row: int) -> None:
        """Let the next worker have the row of one that has ended; what it counted stays."""
        self._taken.discard(row)
        self._clear_gauges(row)

    def counters(self, row: int) -> Counters:
        """Return the row as its worker writes it, and mark the worker as living."""
        first = row * _CELLS
        self._cells[first + _ALIVE] = 1
        return Counters(self, self._cells[first : first + _CELLS], self._floats[first : first + _CELLS])

    def totals(self) -> Totals:
        """Return the sums over all rows; any process may ask."""
        rows = self._rows_in_use()
        cells = [sum(self._cells[row * _CELLS + cell] for row in rows) for cell in range(_CELLS)]
        kafka = [state for row in rows if (state := self._cells[row * _CELLS + _KAFKA]) != _NO_KAFKA]
        return Totals(
            worker_starts=cells[_STARTS],
            accepted={event_type: sum(cells[at : at + _BUCKETS]) for event_type, at in _ACCEPTED_AT.items()},
            refused=dict(zip(REASONS, cells[_REFUSED:_NOT_KEPT], strict=True)),
            not_kept=dict(zip(REASONS, cells[_NOT_KEPT:_SUMMARISED], strict=True)),
            not_stored=cells[_NOT_STORED],
            failed=cells[_FAILED],
            spooled=cells[_SPOOLED],
            forwarded=cells[_FORWARDED],
            kafka_errors=cells[_KAFKA_ERRORS],
            seconds_sum=sum(self._floats[row * _CELLS + _SECONDS_SUM] for row in rows),
            seconds=tuple(sum(cells[at + bucket] for at in _ACCEPTED_AT.values()) for bucket in range(_BUCKETS)),
            workers=cells[_ALIVE],
            kafka_up=all(state == _KAFKA_UP for state in kafka) if kafka else None,
        )

    def _rows_in_use(self) -> range:
        """Return the rows that ever had a worker: the lowest ones, since the lowest free row is taken first."""
        return range(next((row for row in range(self._rows) if not self._cells[row * _CELLS + _STARTS]), self._rows))

    def _clear_gauges(self, row: int) -> None:
        for cell in _GAUGES:
            self._cells[row * _CELLS + cell] = 0


class Counters:
    """What one worker counts. It is also the `LogObserver` of its log, which may call it from threads of its own.

    Nothing needs a lock: the interpreter changes threads at calls and jumps, never in the middle of an addition.
    """

    __slots__ = ("_cells", "_floats", "table")

    def __init__(self, table: CounterTable, cells: memoryview[int], floats: memoryview[float]) -> None:
        self.table = table
        self._cells, self._floats = cells, floats

    def accepted(self, event_type: EventType, seconds: float) -> None:
        """Count an event that is durable, and how long it took to become so."""
        self._cells[_ACCEPTED_AT[event_type] + bisect_left(SECONDS, seconds)] += 1
        self._floats[_SECONDS_SUM] += seconds

    def refused(self, reason: Reason) -> None:
        """Count a refusal, kept or not."""
        self._cells[_REFUSED_AT[reason]] += 1

    def not_kept(self, reason: Reason) -> None:
        """Count a refusal that is only counted; a summary record will tell of it."""
        self._cells[_NOT_KEPT + _NUMBER_OF_REASON[reason]] += 1

    def summarised(self, reason: Reason, count: int) -> None:
        """Count refusals of which a summary record is durable."""
        self._cells[_SUMMARISED + _NUMBER_OF_REASON[reason]] += count

    def to_summarise(self) -> dict[Reason, int]:
        """Return how many refusals were not kept and stand in no summary yet, also those of workers before this one."""
        cells = self._cells
        behind = ((reason, cells[_NOT_KEPT + n] - cells[_SUMMARISED + n]) for n, reason in enumerate(REASONS))
        return {reason: count for reason, count in behind if count}

    def not_stored(self) -> None:
        """Count a request answered 503, because nothing could store it."""
        self._cells[_NOT_STORED] += 1

    def failed(self) -> None:
        """Count a request answered 500: a fault of ours."""
        self._cells[_FAILED] += 1

    def spooled(self) -> None:
        """Count an event that went to the spool because Kafka did not take it in time."""
        self._cells[_SPOOLED] += 1

    def forwarded(self, count: int) -> None:
        """Count records that went from the spool to Kafka."""
        self._cells[_FORWARDED] += count

    def kafka_error(self) -> None:
        """Count a delivery that failed, or an error that Kafka's client reports."""
        self._cells[_KAFKA_ERRORS] += 1

    def kafka_is(self, *, up: bool) -> None:
        """Say whether new events go to Kafka, or to the spool."""
        self._cells[_KAFKA] = _KAFKA_UP if up else _KAFKA_DOWN


def private_counters() -> Counters:
    """Return counters that no other process sees, for an application without a master."""
    table = CounterTable(rows=1)
    return table.counters(table.take_row())
