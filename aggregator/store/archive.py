"""What the archive takes out of the tables: which days are due, their rows, and the manifest that lists its files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

import duckdb
import polars as pl

from aggregator.store.history import span_of_days
from pixels.resources import sql
from pixels.rules import DAY, with_day

ArchiveKind = Literal["records", "refusals"]
KINDS: tuple[ArchiveKind, ...] = ("records", "refusals")

MANY_FILES = 100
"""From so many files on a day takes one more at most once a day, else late records of each pass would be a file."""

_ROWS_AT_ONCE = 100_000
_EMPTY_RUNS_KEPT = timedelta(days=7)


@dataclass(frozen=True)
class ArchiveFile:
    """A row of the manifest but for when it was written."""

    file: str
    """Path under the archive's folder."""
    kind: ArchiveKind
    event_date: date
    row_count: int
    first_at: datetime
    last_at: datetime
    byte_count: int
    sha256: str


@dataclass(frozen=True)
class DueRows:
    """The rows of a kind and local day that lie in the tables; the view `due` of the connection has their places."""

    kind: ArchiveKind
    day: date
    row_count: int
    first_at: datetime
    last_at: datetime

    def batches(self, con: duckdb.DuckDBPyConnection) -> Iterable[Any]:
        """Return the rows as Arrow record batches, sorted; read them before the connection is used again."""
        rows = con.execute(sql(f"queries/{self.kind}_to_archive.sql"), {"day": self.day, **self._span()})
        batches: Iterable[Any] = rows.to_arrow_reader(_ROWS_AT_ONCE)
        return batches

    def take_out(self, con: duckdb.DuckDBPyConnection) -> None:
        """Delete the rows, in the caller's transaction."""
        for statement in con.extract_statements(sql(f"upserts/archived_{self.kind}.sql")):
            con.execute(statement, self._span())

    def _span(self) -> dict[str, datetime]:
        return {"first": self.first_at, "last": self.last_at}


def days_due(
    con: duckdb.DuckDBPyConnection, kind: ArchiveKind, time_zone: str, today: date, retention_days: int
) -> list[date]:
    """Return the local days, oldest first, that lie more than `retention_days` before `today` and have rows in the tables.

    A day with many files already that got one today is left out: it waits for tomorrow.
    """
    kept_from = today - timedelta(days=retention_days)
    before = _end_of_days_before(kept_from, time_zone)
    seconds = con.execute(sql(f"queries/seconds_of_{kind}.sql"), {"before": before}).pl()
    if seconds.is_empty():
        return []
    instants = seconds.select(instant=pl.from_epoch("second").dt.replace_time_zone("UTC"))
    days = with_day(instants, time_zone, "instant")[DAY].unique().sort()
    crowded = con.execute(sql("queries/days_with_many_files.sql"), {"kind": kind, "many": MANY_FILES}).pl()
    wait = with_day(crowded, time_zone, "newest").filter(pl.col(DAY) >= today)["day"].to_list()
    return [day for day in days if day < kept_from and day not in wait]


def due_rows(con: duckdb.DuckDBPyConnection, kind: ArchiveKind, time_zone: str, day: date) -> DueRows:
    """Find the rows of a local day, of which there are some, in the caller's transaction: until its end their places stay."""
    first, last = span_of_days(pl.Series([day]))
    places = con.execute(sql(f"queries/places_of_{kind}.sql"), {"first": first, "last": last}).pl()
    due = with_day(places, time_zone, "instant").filter(pl.col(DAY) == day)
    con.register("due", due.select("place", "row_id"))
    return DueRows(kind, day, due.height, *due.select(first=pl.min("instant"), last=pl.max("instant")).row(0))


def list_file(con: duckdb.DuckDBPyConnection, file: ArchiveFile, now: datetime) -> None:
    """Add a file to the manifest, in the caller's transaction."""
    con.execute(sql("upserts/archive_files.sql"), {**asdict(file), "archived_at": now})


def forget_empty_runs(con: duckdb.DuckDBPyConnection, now: datetime) -> None:
    """Delete the rows of passes that found nothing and are older than a week; the newest run always stays."""
    before = now - _EMPTY_RUNS_KEPT
    con.execute(sql("upserts/forgotten_runs.sql"), {"before": before, "day_before": before - timedelta(days=1)})


def _end_of_days_before(day: date, time_zone: str) -> datetime:
    """Return the instant from which on no local day is before `day`, to the minute.

    A clock that is set back at midnight goes through minutes of the day before a second time.
    """
    about = datetime.combine(day, time(), UTC)
    minutes = pl.datetime_range(about - timedelta(days=2), about + timedelta(days=2), "1m", eager=True)
    earlier = with_day(pl.DataFrame({"instant": minutes}), time_zone, "instant").filter(pl.col(DAY) < day)
    last: datetime = earlier.select(pl.max("instant")).item()
    return last + timedelta(minutes=1)
