"""One consistent snapshot of the published numbers, where newer and older ones come from, and what lies between them."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Protocol

import polars as pl

from pixels import changes
from pixels.errors import BadParameter
from pixels.figure_questions import FigureQuestions
from pixels.insight_questions import InsightQuestions
from pixels.period import Day
from pixels.pointer import Pointer
from pixels.record_questions import RecordQuestions
from pixels.snapshot import Snapshot


class Source(Protocol):
    """Where snapshots come from."""

    def pointer(self) -> Pointer:
        """Return what is published there now. Raises NoSnapshot when nothing is."""

    def open(self) -> Warehouse:
        """Return the newest snapshot of it."""

    def kept(self, number: int) -> Warehouse:
        """Return the snapshot with this number. Raises NoSnapshot when it is not kept there."""


class Warehouse(FigureQuestions, InsightQuestions, RecordQuestions):
    """One published snapshot: read-only, unchanging, usable from several threads and as a context manager.

    Days are calendar days of `time_zone`, inclusive at both ends, given as dates or as text such as "2026-11-22"; what
    is not a day raises BadParameter. Frames are Polars, in a fixed order; instants are UTC.
    """

    def __init__(self, pointer: Pointer, snapshot: Snapshot, source: Source | None, tag_pattern: str) -> None:
        super().__init__(pointer, snapshot, tag_pattern)
        self._source = source

    def status(self) -> Pointer:
        """Return what is published now, which may be newer than this snapshot. Raises NoSnapshot when nothing is.

        Opened from one file, it stands for that file alone.
        """
        return self._source.pointer() if self._source else self._pointer

    def fresh(self) -> bool:
        """Whether no newer snapshot has been published."""
        return self.status().names_the_snapshot_of(self._pointer)

    def reload(self) -> Warehouse:
        """Return the newest snapshot: this object when it is that, else a new one; the old one stays open."""
        if self._source is None or self.fresh():
            return self
        return self._source.open()

    def changes(
        self, since_snapshot: int | Warehouse, start: Day | None = None, end: Day | None = None
    ) -> pl.DataFrame:
        """The daily counts that differ from those of an older snapshot, on some days (None: ever).

        `since_snapshot` is the number of one that is still kept, or the older warehouse itself. event_date, event_type,
        banner_tag, before, after, change, revised (the day was over by then: late events; false: it went on).
        Raises BadParameter, also when the older one is newer or counts days of another time zone; NoSnapshot.
        """
        period = changes.days_from_to(start, end)
        with ExitStack() as opened:
            older = since_snapshot
            if not isinstance(older, Warehouse):
                older = opened.enter_context(self._kept(older))
            return changes.changes(older, self, period)

    def _kept(self, number: int) -> Warehouse:
        if not isinstance(number, int) or isinstance(number, bool):
            raise BadParameter("since_snapshot", f"{number!r} is neither the number of a snapshot nor a warehouse")
        if self._source is None:
            raise BadParameter(
                "since_snapshot", f"older snapshots do not lie beside {self.file}: hand over the older warehouse itself"
            )
        return self._source.kept(number)

    def standing_for(self, pointer: Pointer) -> Warehouse:
        """Return the same snapshot, of which `pointer` says how complete it is."""
        return Warehouse(pointer, self._snapshot, self._source, self.tag_pattern)

    def __enter__(self) -> Warehouse:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        demo = ", demo data" if self.is_demo else ""
        return f"<pixels.Warehouse snapshot {self.snapshot} as of {self.as_of:%Y-%m-%d %H:%M:%S} UTC, days in {self.time_zone}{demo}>"
