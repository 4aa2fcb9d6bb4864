"""Every aggregate computed anew, beside the warehouse: its records are stored once more, in a file that was empty.

It is `store_batch` that stores them, so what counts is written in one place. The tables must come out the same, because
they are a function of the set of records; `aggregator.store.comparison` looks whether they do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb
import msgspec
import polars as pl

from aggregator.decode import EVENT_COLUMNS, REJECTED_COLUMNS
from aggregator.store.batch import store_batch, store_rejected
from aggregator.store.opening import configure, transaction
from pixels.config import Settings
from pixels.errors import CANNOT_READ_OR_WRITE, PixelsError
from pixels.resources import sql

KEYS = {
    "events": ["id", "created_at"],
    "repeated_records": ["id", "created_at"],
    "counted_events": ["event_date", "event_type", "player_id"],
    "event_summary": ["event_date", "event_type", "banner_tag"],
    "daily_metrics": ["event_date", "event_type"],
    "players": ["player_id"],
    "visitor_links": ["visitor_key"],
    "counted_deposits": ["player_id", "txid", "event_id"],
    "daily_accounting": ["event_date", "event_type", "banner_tag"],
    "daily_refusals": ["event_date", "reason"],
}
"""The tables that follow from the records, by name, each with the columns that tell its rows apart.

`events` and `repeated_records` are among them: which record of a day and id is the event is computed as well.
"""

STORED, RECOMPUTED = "stored", "recomputed"
"""The names under which a connection has the warehouse (read-only) and the new file."""

_ROWS_AT_ONCE = {"records": 250_000, "refusals": 10_000}
"""A refusal can have a payload of 8 KiB."""

OnProgress = Callable[[int], None]
"""Takes how many records are done so far."""


class UnreadableRecord(PixelsError):
    """A record in the tables or in the archive breaks the contract: somebody else wrote it."""

    exit_code = CANNOT_READ_OR_WRITE


@contextmanager
def recomputed(
    folder: Path, settings: Settings, on_progress: OnProgress, *, archive_too: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Compute every aggregate of the warehouse, which is at rest, into a file in `folder`; yield a connection to both.

    Time zone and bots are those of `settings`. Records that lie in the archive stay there: they are counted, and are in
    none of the new file's tables, unless `archive_too` asks for them, and for the refusals there.
    """
    with closing(duckdb.connect(str(folder / f"{RECOMPUTED}.duckdb"))) as con:
        configure(con, settings)
        con.execute("PRAGMA disable_checkpoint_on_shutdown")  # nobody opens the new file again
        attach(con, settings.warehouse_path, f"{STORED} (READ_ONLY)")
        con.execute(f"COPY FROM DATABASE {STORED} TO {RECOMPUTED} (SCHEMA)")
        _store_again(con, settings, on_progress)
        if not archive_too:
            _leave_to_the_archive(con, settings)
        yield con


def rows_to_recompute(con: duckdb.DuckDBPyConnection) -> int:
    """Return how many records and refusals a warehouse holds, the archive's among them."""
    (rows,) = con.execute(sql("queries/rows_to_recompute.sql")).fetchone() or (0,)
    return int(rows)


def _store_again(con: duckdb.DuckDBPyConnection, settings: Settings, on_progress: OnProgress) -> None:
    none_rejected, done = pl.DataFrame(schema=REJECTED_COLUMNS), 0
    with closing(con.cursor()) as reader:  # what is read goes on while what was read is stored
        reader.execute(f"USE {STORED}")
        for records in _gathered(_all(reader, settings, "records", EVENT_COLUMNS), _ROWS_AT_ONCE["records"]):
            with _unreadable_explained(), transaction(con):
                store_batch(con, records, none_rejected, settings)
            on_progress(done := done + records.height)
        for refusals in _gathered(_all(reader, settings, "refusals", REJECTED_COLUMNS), _ROWS_AT_ONCE["refusals"]):
            with transaction(con):
                store_rejected(con, refusals, settings)
            on_progress(done := done + refusals.height)


@contextmanager
def _unreadable_explained() -> Iterator[None]:
    try:
        yield
    except (pl.exceptions.PolarsError, msgspec.MsgspecError, duckdb.InvalidInputException) as error:
        raise UnreadableRecord(
            f"A stored record is not what any version of Pixels writes, so nothing can be computed from it: {error}. Nothing "
            "was changed. DuckDB's `NOT json_valid(metadata)` finds the records whose metadata is no JSON; older snapshots may "
            "have them as they were."
        ) from error


def _leave_to_the_archive(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    with closing(con.cursor()) as reader:
        reader.execute(f"USE {STORED}")
        for archived in _archived(reader, settings, "records", EVENT_COLUMNS):
            con.register("archived", archived)
            with transaction(con):
                con.execute(sql("upserts/archived_again.sql"))


def _all(
    reader: duckdb.DuckDBPyConnection, settings: Settings, kind: str, columns: dict[str, pl.DataType]
) -> Iterator[pl.DataFrame]:
    """Read the rows of a kind, those of the archive first, because they are older: then few take another's place."""
    yield from _archived(reader, settings, kind, columns)
    yield from _read(reader, "all", kind, {}, columns)


def _archived(
    reader: duckdb.DuckDBPyConnection, settings: Settings, kind: str, columns: dict[str, pl.DataType]
) -> Iterator[pl.DataFrame]:
    manifest = reader.execute(sql("queries/archive_manifest.sql")).pl()
    for file in manifest.filter(pl.col("kind") == kind)["file"]:
        path = str(settings.archive_dir / file)
        yield from _read(reader, "archived", kind, {"file": path}, columns)


def _read(
    reader: duckdb.DuckDBPyConnection,
    which: str,
    kind: str,
    parameters: dict[str, str],
    columns: dict[str, pl.DataType],
) -> Iterator[pl.DataFrame]:
    rows = reader.execute(sql(f"queries/{which}_{kind}.sql"), parameters)
    for batch in rows.to_arrow_reader(_ROWS_AT_ONCE[kind]):
        yield pl.DataFrame(batch).cast(columns)  # type: ignore[arg-type]


def _gathered(frames: Iterator[pl.DataFrame], rows: int) -> Iterator[pl.DataFrame]:
    """Put small frames together to about so many rows: a day's file of the archive can hold a single late record."""
    held: list[pl.DataFrame] = []
    for frame in frames:
        held.append(frame)
        if sum(piece.height for piece in held) >= rows:
            yield pl.concat(held)
            held = []
    if held:
        yield pl.concat(held)


def attach(con: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    """Let a connection have one more file; DuckDB binds no parameters here."""
    con.execute("ATTACH '{}' AS {}".format(str(path).replace("'", "''"), name))
