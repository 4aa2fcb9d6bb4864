"""The one module that writes DuckDB: the warehouse, its migrations, and batches, each in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl

from aggregator.decode import EVENT_COLUMNS
from aggregator.records import Offsets
from aggregator.transform import BOT_MARK, DAY, Changes, changes, competing, with_day
from pixels import __version__
from pixels.config import DEMO_MARKER, Settings
from pixels.errors import ConfigurationError, PixelsError
from pixels.resources import resource_path, sql

_MIGRATIONS = "migrations"
_ROLLUPS = ("counted_events", "event_summary", "daily_metrics", "players", "visitor_links")
_DAY_LENGTH_AT_MOST = timedelta(days=2)
"""A local day is shorter than this, so two records of one day are never further apart."""


class DamagedWarehouse(PixelsError):
    """The warehouse file cannot be opened, or was made by a newer Pixels."""

    exit_code = 74


@dataclass(frozen=True)
class Outcome:
    """What one batch did to the warehouse."""

    records_read: int = 0
    events_stored: int = 0
    events_replaced: int = 0
    events_counted: int = 0
    records_repeated: int = 0
    records_rejected: int = 0
    bots_set_aside: int = 0

    @property
    def figures_changed(self) -> bool:
        """Whether a reader could see the difference."""
        return bool(self.events_stored or self.events_replaced or self.records_rejected)

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(*(mine + theirs for mine, theirs in zip(vars(self).values(), vars(other).values(), strict=True)))


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All of it or nothing."""
    con.execute("BEGIN TRANSACTION")
    try:
        yield
        con.execute("COMMIT")
    except BaseException:
        with suppress(duckdb.Error):  # a failed commit has rolled back already
            con.execute("ROLLBACK")
        raise


def open_for_writing(settings: Settings, now: datetime) -> duckdb.DuckDBPyConnection:
    """Open the warehouse, make it when there is none, and bring its schema up to date.

    Raises ConfigurationError when PIXELS_TIMEZONE is not the zone the warehouse counts its days in, DamagedWarehouse
    when the file cannot be used. The caller holds the writer lock.
    """
    path = settings.warehouse_path
    if path.exists() and path.stat().st_size == 0:  # all that a full disk left of the first pass
        path.unlink()
    try:
        con = duckdb.connect(str(path))
    except duckdb.Error as error:
        raise DamagedWarehouse(
            f"{path} cannot be opened: {error}. If another program holds it, end that program; if it is damaged, "
            "move it away together with its .wal: the published snapshots are whole copies of it."
        ) from error
    try:
        con.execute("SET TimeZone = 'UTC'")
        con.execute("SET memory_limit = ?", [settings.memory_limit])
        con.execute("SET temp_directory = ?", [str(settings.home / "tmp")])
        con.execute("SET preserve_insertion_order = false")
        # By default a large commit stops to checkpoint; publishing does it anyway.
        con.execute("SET checkpoint_threshold = '256MB'")
        _migrate(con, now)
        _check_settings(con, settings, now)
    except BaseException:
        con.close()
        raise
    return con


def _migrate(con: duckdb.DuckDBPyConnection, now: datetime) -> None:
    con.execute(sql("schema_migrations.sql"))
    files = sorted((resource_path("schema") / _MIGRATIONS).glob("*.sql"))
    done = {name for (name,) in con.execute("SELECT name FROM schema_migrations").fetchall()}
    unknown = done - {file.stem for file in files}
    if unknown:
        raise DamagedWarehouse(
            f"The warehouse was made by a newer Pixels (migrations {', '.join(sorted(unknown))} are unknown to "
            f"{__version__}). Install that version again, or use another PIXELS_HOME."
        )
    for file in files:
        if file.stem not in done:
            with transaction(con):
                con.execute(sql(f"{_MIGRATIONS}/{file.name}"))
                con.execute("INSERT INTO schema_migrations VALUES (?, ?)", [file.stem, now])
            con.execute("CHECKPOINT")


def _check_settings(con: duckdb.DuckDBPyConnection, settings: Settings, now: datetime) -> None:
    row = con.execute("SELECT time_zone, count_bots FROM warehouse").fetchone()
    if row is None:
        _check_time_zone(settings.timezone)
        con.execute(
            "INSERT INTO warehouse VALUES (?, ?, ?, ?, ?)",
            [str(uuid.uuid4()), settings.timezone, is_demo_home(settings), now, settings.count_bots],
        )
        return
    time_zone, count_bots = row
    if time_zone != settings.timezone:
        raise ConfigurationError(
            f"The warehouse {settings.warehouse_path} counts its days in {time_zone}, but PIXELS_TIMEZONE is "
            f"{settings.timezone}. Set PIXELS_TIMEZONE={time_zone}, or start a new warehouse in another PIXELS_HOME."
        )
    if count_bots != settings.count_bots:
        counts, asked = ("counts", "false") if count_bots else ("does not count", "true")
        raise ConfigurationError(
            f"The warehouse {settings.warehouse_path} {counts} visits of crawlers, but PIXELS_COUNT_BOTS is {asked}. "
            f"Set PIXELS_COUNT_BOTS={str(count_bots).lower()}, or start a new warehouse in another PIXELS_HOME."
        )


def _check_time_zone(time_zone: str) -> None:
    """Refuse a zone that Polars does not know, before it is written into a warehouse for good."""
    try:
        with_day(pl.DataFrame({"created_at": [datetime(2026, 1, 1, tzinfo=UTC)]}), time_zone)
    except pl.exceptions.PolarsError as error:
        raise ConfigurationError(
            f"PIXELS_TIMEZONE: days cannot be counted in {time_zone!r}; give a place such as Europe/Berlin, or UTC."
        ) from error


def is_demo_home(settings: Settings) -> bool:
    """Whether this home was made by `pixels up --demo`."""
    return (settings.home / DEMO_MARKER).exists()


def stored_offsets(con: duckdb.DuckDBPyConnection) -> Offsets:
    """Return where reading goes on, by source and partition."""
    rows = con.execute('SELECT source, "partition", next_offset FROM log_offsets').fetchall()
    return {(source, partition): offset for source, partition, offset in rows}


def begin_run(con: duckdb.DuckDBPyConnection) -> int:
    """Return the number of the run that begins."""
    (last,) = con.execute("SELECT coalesce(max(run_id), 0) FROM aggregation_runs").fetchone() or (0,)
    return int(last) + 1


def complete_so_far(con: duckdb.DuckDBPyConnection) -> datetime:
    """Return the instant before which all that was acknowledged is stored, as the newest run left it."""
    instant: datetime | None = con.sql(sql("queries/complete_so_far.sql")).pl().item()
    return instant or datetime.fromtimestamp(0, UTC)


def save_run(
    con: duckdb.DuckDBPyConnection,
    run_id: int,
    total: Outcome,
    *,
    started_at: datetime,
    finished_at: datetime,
    complete_until: datetime,
) -> None:
    """Write the run's row as it stands after its last batch so far."""
    con.execute(
        sql("upserts/aggregation_runs.sql"),
        {
            "run_id": run_id,
            "started_at": started_at,
            "finished_at": finished_at,
            "complete_until": complete_until,
            **vars(total),
            "figures_changed": total.figures_changed,
            "code_version": __version__,
        },
    )


def store_batch(
    con: duckdb.DuckDBPyConnection, events: pl.DataFrame, rejected: pl.DataFrame, settings: Settings
) -> Outcome:
    """Write a batch's events, rejected records and all rollups; the caller's transaction also holds the offsets.

    `events` has EVENT_COLUMNS, `rejected` REJECTED_COLUMNS. Of the settings, time zone and bots are those of the warehouse.
    """
    batch = with_day(events, settings.timezone)
    change = changes(batch, _stored_rivals(con, batch, settings.timezone))
    con.register("rejected", rejected)
    con.execute(sql("upserts/rejected_events.sql"))
    outcome = Outcome(
        events_stored=change.new.height - change.replaced.height,
        events_replaced=change.replaced.height,
        records_repeated=change.repeated,
        records_rejected=rejected.height,
    )
    return outcome + _store_events(con, change, settings) if change.new.height else outcome


def _store_events(con: duckdb.DuckDBPyConnection, change: Changes, settings: Settings) -> Outcome:
    _register(con, change.new, change.replaced)
    con.execute(sql("upserts/events.sql"))
    # Only what competes reaches the rollups: a replacement can take an event out of them, or bring it in.
    new = competing(change.new, count_bots=settings.count_bots)
    replaced = competing(change.replaced, count_bots=settings.count_bots)
    _register(con, new, replaced)
    con.register("competing_events", _competitors(con, replaced, settings))
    con.register("remaining_times", _remaining_times(con, settings))
    for rollup in _ROLLUPS:
        con.execute(sql(f"upserts/{rollup}.sql"))
    (grown,) = con.execute(
        "SELECT (SELECT count(*) FROM counted_after) - (SELECT count(*) FROM counted_before)"
    ).fetchone() or (0,)
    return Outcome(events_counted=int(grown), bots_set_aside=change.new.height - new.height)


def _register(con: duckdb.DuckDBPyConnection, new: pl.DataFrame, replaced: pl.DataFrame) -> None:
    con.register("new_events", new)
    con.register("replaced_events", replaced)


def _stored_rivals(con: duckdb.DuckDBPyConnection, batch: pl.DataFrame, time_zone: str) -> pl.DataFrame:
    """Return the stored events that share an id with the batch and may share its day."""
    return _events_near(con, "queries/stored_rivals.sql", batch, time_zone)


def _competitors(con: duckdb.DuckDBPyConnection, replaced: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Return what competes now for each day, type and player that lost an event to a replacement."""
    keys = [DAY, "event_type", "player_id"]
    near = _events_near(con, "queries/competing_events.sql", replaced, settings.timezone)
    return competing(near.join(replaced, on=keys, how="semi"), count_bots=settings.count_bots)


def _remaining_times(con: duckdb.DuckDBPyConnection, settings: Settings) -> pl.DataFrame:
    """Return the times of the players of `replaced_events`, as they are without those."""
    params = {"count_bots": settings.count_bots, "bot_mark": BOT_MARK}
    return con.sql(sql("queries/remaining_times.sql"), params=params).pl()


def _events_near(con: duckdb.DuckDBPyConnection, query: str, around: pl.DataFrame, time_zone: str) -> pl.DataFrame:
    if around.is_empty():
        return with_day(pl.DataFrame(schema=EVENT_COLUMNS), time_zone)
    con.register("around", around)
    first, last = around["created_at"].min(), around["created_at"].max()
    assert isinstance(first, datetime)  # noqa: S101 - the column's type, for the type checker
    assert isinstance(last, datetime)  # noqa: S101
    near = con.sql(sql(query), params=[first - _DAY_LENGTH_AT_MOST, last + _DAY_LENGTH_AT_MOST]).pl()
    return with_day(near.cast({"created_at": EVENT_COLUMNS["created_at"]}), time_zone)


def save_offsets(con: duckdb.DuckDBPyConnection, offsets: Offsets) -> None:
    """Move the next offsets on, in the caller's transaction."""
    con.executemany(
        "INSERT OR REPLACE INTO log_offsets VALUES (?, ?, ?)",
        [(source, partition, offset) for (source, partition), offset in offsets.items()],
    )


def checkpoint_and_close(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Bring the file to rest: all of it in one file, no write-ahead log beside it.

    A stale .wal would be replayed, without an error, into whatever file is swapped in.
    """
    con.execute("CHECKPOINT")
    con.close()
    wal = path.with_name(path.name + ".wal")
    if wal.exists():
        raise DamagedWarehouse(f"{wal} is still there after a checkpoint; another program holds {path}. End it first.")
