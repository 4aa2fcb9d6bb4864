"""One published snapshot, open: which one it is, how complete, and what every kind of question to it needs."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from pixels import runs
from pixels.dimensions import Dimensions, check_frame
from pixels.errors import NoSnapshot
from pixels.pointer import LastCheck, Pointer
from pixels.runs import Provenance
from pixels.snapshot import Parameters, Snapshot

_SCHEMA_THAT_KEEPS_EVERY_RECORD = 3


class Opened:
    """What a warehouse says of itself, and SQL of one's own."""

    def __init__(self, pointer: Pointer, snapshot: Snapshot, tag_pattern: str) -> None:
        self._pointer, self._snapshot = pointer, snapshot
        self._dimensions = Dimensions(snapshot, tag_pattern, pointer.schema_version, pointer.time_zone)

    @property
    def file(self) -> Path:
        """The snapshot's file. It may be gone from the folder by now; what is open stays readable."""
        return self._snapshot.file

    @property
    def snapshot(self) -> int:
        """Number of the newest pass that changed a figure; 0 in an empty warehouse."""
        return self._pointer.snapshot

    @property
    def as_of(self) -> datetime:
        """When that pass committed."""
        return self._pointer.as_of

    @property
    def complete_until(self) -> datetime:
        """Every event acknowledged before this instant is counted here ("data through"), as known when opened."""
        return self._pointer.complete_until

    @property
    def last_pass_at(self) -> datetime:
        """When the last pass ended, as known when opened; `status()` reads it anew."""
        return self._pointer.last_pass_at

    @property
    def last_event_at(self) -> datetime | None:
        """created_at of the newest event; None in an empty warehouse."""
        return self._pointer.last_event_at

    @property
    def time_zone(self) -> str:
        """IANA name of the time zone whose calendar days are counted."""
        return self._pointer.time_zone

    @property
    def tag_pattern(self) -> str:
        """The regular expression whose named groups are the parts of a banner tag."""
        return self._dimensions.tag_pattern

    @property
    def dimensions(self) -> tuple[str, ...]:
        """What the banner of an event decides, and numbers can be split by; `metadata.KEY` is one more for every key."""
        return self._dimensions.of_tags

    def add_dimension(self, frame: pl.DataFrame, by: str) -> pl.DataFrame:
        """Return a frame that has a `banner_tag` with one more column: the value of each row's banner in a dimension of it.

        Null where it has none. Rows stay in order. Raises BadParameter for what is none of `dimensions`, and for a frame
        without banner tags, or that has a column of that name.
        """
        dimension = self._dimensions.check_of_banners(by)
        return self._dimensions.add(check_frame(frame, dimension), dimension)

    @property
    def is_demo(self) -> bool:
        """Whether this is made-up data."""
        return self._pointer.is_demo

    @property
    def last_check(self) -> LastCheck | None:
        """What the last comparison of the figures with the records found, as known when opened; None: there was none.

        `pixels rebuild --check` makes one; `status()` reads it anew.
        """
        return self._pointer.last_check

    def runs(self, number: int = 50) -> pl.DataFrame:
        """The newest runs that wrote to the warehouse, the newest first: what each read, stored, counted and refused, and when.

        run_id, kind, started_at, finished_at, complete_until, records_read, events_stored, events_counted, records_repeated,
        records_rejected, bots_set_aside, figures_changed, code_version; see `pixels.runs.runs`. Raises BadParameter.
        """
        self._check_keeps_every_record()
        return runs.runs(self._snapshot, number)

    def provenance(self) -> Provenance:
        """What the warehouse is: its UUID, when it was made, whether crawlers count, what was lost, what is archived."""
        self._check_keeps_every_record()
        return runs.provenance(self._snapshot)

    def sql(self, query: str, params: Parameters | None = None) -> pl.DataFrame:
        """Run one SELECT over the snapshot's tables, `params` bound to ? or $name.

        It can read no other file, change nothing, and see no Python variable; such a query raises PixelsError.
        """
        return self._snapshot.sql(query, params)

    def close(self) -> None:
        """Release the file."""
        self._snapshot.close()

    @property
    def _keeps_every_record(self) -> bool:
        return self._pointer.schema_version >= _SCHEMA_THAT_KEEPS_EVERY_RECORD

    def _check_keeps_every_record(self) -> None:
        if not self._keeps_every_record:
            raise NoSnapshot(
                f"{self._snapshot.file} was made before Pixels kept every record: run `pixels aggregate`, then open it again"
            )

    def _day_of(self, instant: datetime) -> date:
        return instant.astimezone(ZoneInfo(self.time_zone)).date()

    def _last_day(self) -> date:
        """Return the last day of which there may be events: a sender's clock, or a signed createdAt, can be ahead."""
        return self._day_of(max(self.complete_until, self.last_event_at or self.complete_until))

    def _by(self, by: str | None) -> str | None:
        return None if by is None else self._dimensions.check(by)
