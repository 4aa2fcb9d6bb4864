"""The records that are stored already, wherever they lie: in the tables, or in the archive's Parquet files."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import duckdb
import polars as pl

from aggregator.decode import EVENT_COLUMNS
from aggregator.transform import RECORD, VISITOR_KEY
from pixels.config import Settings
from pixels.errors import CANNOT_READ_OR_WRITE, PixelsError
from pixels.resources import sql
from pixels.rules import DAY, earliest_records, with_day

_DAY_LENGTH_AT_MOST = timedelta(days=2)
"""A local day is shorter than this, so two records of one day are never further apart."""

PLACED_RECORD = {"event_date": pl.Date(), **EVENT_COLUMNS, "place": pl.String()}
"""A record with its day, and where it lies: 'events', 'repeated_records' or 'archive'."""

Span = tuple[datetime, datetime]
"""Two instants, both included."""

EVER: Span = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)


class DamagedArchive(PixelsError):
    """A file of the archive is missing or cannot be read, so no figure of its day can be worked out anew."""

    exit_code = CANNOT_READ_OR_WRITE


def stored_records(con: duckdb.DuckDBPyConnection, settings: Settings, around: pl.DataFrame) -> pl.DataFrame:
    """Return the records that share an id with `around` (`id`, `created_at`) and may share its day, as PLACED_RECORD."""
    if around.is_empty():
        return pl.DataFrame(schema=PLACED_RECORD)
    first, last = around["created_at"].min(), around["created_at"].max()
    assert isinstance(first, datetime)  # noqa: S101 - the column's type, for the type checker
    assert isinstance(last, datetime)  # noqa: S101
    span = first - _DAY_LENGTH_AT_MOST, last + _DAY_LENGTH_AT_MOST
    con.register("around", around)
    live = _live(con, settings, "stored_records", span)
    archived = _archived(con, settings, around, ["id"], span)
    return pl.concat([live, archived.select(live.columns)])


def stored_events(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    query: str,
    wanted: pl.DataFrame,
    on: list[str],
    span: Span = EVER,
) -> pl.DataFrame:
    """Return the events (RECORD), live and archived, that agree with `wanted` in the columns `on`.

    `schema/queries/<query>.sql` finds them among the live ones, by the view `wanted`. `visitor_key` in `on` is the key that
    a registration carries as `s`.
    """
    if wanted.is_empty():
        return pl.DataFrame(schema=PLACED_RECORD).select(RECORD)
    con.register("wanted", wanted)
    live = _live(con, settings, query, span)
    if DAY in on:  # the query goes by instants
        live = live.join(wanted, on=on, how="semi")
    candidates = _archived(con, settings, wanted, on, span)
    if candidates.is_empty():
        return live.select(RECORD)
    # An archived record is an event only if no record of its day and id, wherever it lies, comes before it.
    winners = earliest_records(stored_records(con, settings, candidates))
    return pl.concat([live.select(RECORD), winners.filter(pl.col("place") == "archive").select(RECORD)]).join(
        pl.concat([live.select(RECORD), candidates.select(RECORD)]), on=RECORD, how="semi", nulls_equal=True
    )


def span_of_days(days: pl.Series) -> Span:
    """Return instants between which all of these local days lie, whatever the time zone."""
    first, last = days.min(), days.max()
    assert isinstance(first, date)  # noqa: S101 - the column's type, for the type checker
    assert isinstance(last, date)  # noqa: S101
    midnight = time(tzinfo=UTC)
    return datetime.combine(first, midnight) - timedelta(days=1), datetime.combine(last, midnight) + timedelta(days=2)


def archived_records(
    con: duckdb.DuckDBPyConnection, settings: Settings, span: Span = EVER, kind: str = "records"
) -> pl.LazyFrame | None:
    """Return the rows of the archive's files of a kind that reach into `span`; None when there are none.

    Raises DamagedArchive when a file that the warehouse lists is not there.
    """
    files = con.execute(sql("queries/archive_files.sql"), {"kind": kind, "first": span[0], "last": span[1]}).fetchall()
    if not files:
        return None
    paths = [settings.archive_dir / file for (file,) in files]
    for path in paths:
        if not path.is_file():
            raise DamagedArchive(
                f"{path} is missing: its day was archived there, and cannot be worked out without it. Put the file back "
                "from a copy, then run this again. Nothing was changed."
            )
    return pl.scan_parquet(paths)


def _live(con: duckdb.DuckDBPyConnection, settings: Settings, query: str, span: Span) -> pl.DataFrame:
    found = con.execute(sql(f"queries/{query}.sql"), {"first": span[0], "last": span[1]}).pl()
    return with_day(found.cast({"created_at": EVENT_COLUMNS["created_at"]}), settings.timezone)


def _archived(
    con: duckdb.DuckDBPyConnection, settings: Settings, wanted: pl.DataFrame, on: list[str], span: Span
) -> pl.DataFrame:
    """Return the archived records that agree with `wanted` in `on`, each once, as PLACED_RECORD."""
    archived = archived_records(con, settings, span)
    if archived is None:
        return pl.DataFrame(schema=PLACED_RECORD)
    if "visitor_key" in on:
        archived = archived.with_columns(visitor_key=VISITOR_KEY)
    try:
        found = archived.join(wanted.lazy().select(on).unique(), on=on, how="semi").collect(engine="streaming")
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DamagedArchive(
            f"The archive under {settings.archive_dir} cannot be read: {error}. Put the file back from a copy, then run "
            "this again. Nothing was changed."
        ) from error
    return found.select(RECORD).unique(maintain_order=True).with_columns(place=pl.lit("archive"))
