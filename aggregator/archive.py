"""Old days leave the warehouse: their raw records and refusals move into immutable Parquet files, by local day.

A file is whole, on disk and under its own name before the transaction that lists it and deletes its rows. A crash before
that leaves a file that nobody lists; the next pass writes the same rows into a file of the same name.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any

import duckdb
import polars as pl

from aggregator.failures import CannotWrite
from aggregator.snapshots import make_folder, sync_folder
from aggregator.store.archive import (
    KINDS,
    ArchiveFile,
    ArchiveKind,
    days_due,
    due_rows,
    forget_empty_runs,
    list_file,
)
from aggregator.store.opening import transaction
from pixels.config import Settings
from pixels.rules import DAY, with_day

STEPS_OF_ARCHIVE = ("before_archive_rename", "after_archive_rename", "before_archive_commit")
"""The steps of each file, when days are due."""

OnStep = Callable[[str], None]


class CannotArchive(CannotWrite):
    """The archive's folder takes no file. Figures are not concerned: the rows stay in the tables, and a later pass moves them."""


def archive_due(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    now: datetime,
    on_step: OnStep,
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Move records and refusals whose local day lies more than PIXELS_RETENTION_DAYS before that of `now` to the archive.

    One transaction a file: a kind and day. Raises CannotArchive. Looks at little when nothing is due.
    """
    today = with_day(pl.DataFrame({"now": [now.astimezone(UTC)]}), settings.timezone, "now")[DAY].item()
    for kind in KINDS:
        for day in days_due(con, kind, settings.timezone, today, settings.retention_days):
            if stop():
                return
            with transaction(con):
                _archive_day(con, settings, kind, day, now, on_step)
    forget_empty_runs(con, now)


def _archive_day(
    con: duckdb.DuckDBPyConnection, settings: Settings, kind: ArchiveKind, day: date, now: datetime, on_step: OnStep
) -> None:
    due = due_rows(con, kind, settings.timezone, day)
    file = write_archive_file(settings.archive_dir, kind, day, due.batches(con), (due.first_at, due.last_at), on_step)
    if file.row_count != due.row_count:
        raise RuntimeError(f"{file.row_count} rows of {day} were written, {due.row_count} are due: nothing was deleted")
    due.take_out(con)
    list_file(con, file, now)
    on_step("before_archive_commit")


def write_archive_file(
    archive: Path,
    kind: ArchiveKind,
    day: date,
    batches: Iterable[Any],
    span: tuple[datetime, datetime],
    on_step: OnStep = lambda step: None,
) -> ArchiveFile:
    """Write rows (Arrow record batches) into a file whose name follows from them, and force it to disk; list it afterwards.

    The batches have `event_date` and the columns of an event, or of a refusal; `span` is their earliest and latest instant.
    """
    folder = archive / day.isoformat()
    temporary = folder / f".{kind}.tmp"  # of a pass that was killed: written over
    try:
        make_folder(folder)
        with temporary.open("wb") as file:
            row_count = _write_rows(file, kind, batches)
            file.flush()
            os.fsync(file.fileno())
        with temporary.open("rb") as written:
            sha256 = hashlib.file_digest(written, "sha256").hexdigest()
        byte_count, path = temporary.stat().st_size, folder / f"{kind}-{sha256[:16]}.parquet"
        on_step("before_archive_rename")
        temporary.replace(path)
        sync_folder(folder)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise CannotArchive(folder, error) from error
    on_step("after_archive_rename")
    return ArchiveFile(str(path.relative_to(archive)), kind, day, row_count, *span, byte_count, sha256)


def _write_rows(file: IO[bytes], kind: ArchiveKind, batches: Iterable[Any]) -> int:
    """Write a Parquet file, a row group for each batch, and return the number of rows."""
    import pyarrow as pa  # here, since most passes archive nothing
    from pyarrow import parquet

    text, instant = pa.string(), pa.timestamp("ms", "UTC")
    columns = {
        "records": dict.fromkeys(
            ["id", "player_id", "event_type", "banner_tag", "metadata", "source_ip", "user_agent"], text
        )
        | {"created_at": instant},
        "refusals": {
            "source": text,
            "partition": pa.int32(),
            "offset": pa.int64(),
            "reason": text,
            "detail": text,
            "payload": pa.binary(),
            "rejected_at": instant,
            "count": pa.int64(),
        },
    }
    schema = pa.schema({DAY: pa.date32(), **columns[kind]})
    rows = 0
    with parquet.ParquetWriter(file, schema, compression="zstd", store_schema=False) as writer:
        for batch in batches:
            writer.write_batch(batch.cast(schema))
            rows += batch.num_rows
    return rows
