"""What has left the warehouse's tables: the Parquet files that a snapshot lists, found beside the folder it was published in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path, PurePosixPath

import polars as pl

from pixels.errors import CANNOT_READ_OR_WRITE, PixelsError
from pixels.snapshot import Snapshot

_ROWS_AT_ONCE = 50_000


class NoArchive(PixelsError):
    """Days that were asked for are archived, and the archive is not there, or cannot be read."""

    exit_code = CANNOT_READ_OR_WRITE


def archive_of(snapshot: Snapshot) -> Path:
    """Return PIXELS_HOME/archive, wherever under PIXELS_HOME the snapshot lies: published, in `dated`, pinned by a report."""
    names = snapshot.file.absolute(), snapshot.file.resolve()
    places = [folder / "archive" for name in names for folder in name.parents[1:4]]
    return next((place for place in places if place.is_dir()), places[0])


def archived(snapshot: Snapshot, kind: str, start: date, end: date) -> pl.LazyFrame | None:
    """Return the archived rows of a kind ('records' or 'refusals') of these local days, both included; None: there are none.

    'records' have event_date and the columns of an event, 'refusals' event_date and those of `rejected_events`. Raises
    NoArchive when a file that the snapshot lists is not there; read the frame under `archive_read`.
    """
    files = snapshot.query("archived_files_of_days", kind=kind, start=start, end=end)["file"].to_list()
    if not files:
        return None
    folder = archive_of(snapshot)
    paths = [folder / file for file in files]
    for file, path in zip(files, paths, strict=True):
        if PurePosixPath(file).is_absolute() or ".." in PurePosixPath(file).parts or not path.is_file():
            raise NoArchive(
                f"These days are archived, and {path} is not there. The archive belongs beside the folder of the snapshots: "
                f"open the PIXELS_HOME that has it, or copy it to {folder}. The sums of a day are in daily_accounting all the same."
            )
    return pl.scan_parquet(paths).filter(pl.col("event_date").is_between(start, end))


@contextmanager
def archive_read(snapshot: Snapshot) -> Iterator[None]:
    """Turn what goes wrong while a frame of `archived` is read into NoArchive."""
    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        raise NoArchive(
            f"The archive {archive_of(snapshot)} cannot be read: {error}. Put the file back from a copy."
        ) from error


def in_pieces(snapshot: Snapshot, frame: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    """Yield the rows of a frame of `archived`, so many at once that memory stays bounded."""
    with archive_read(snapshot):
        yield from frame.collect_batches(chunk_size=_ROWS_AT_ONCE)
