"""Which snapshots stay on disk: the newest few, the last of each month, and those that reports were made of."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from pixels.config import Settings

DATED = "dated"
_PUBLISHED_NAME = re.compile(r"snapshot-(\d{6,})\.duckdb")
_DATED_NAME = re.compile(r"(\d{4}-\d{2})-\d{6,}\.duckdb")
_NO_HARD_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}
_log = structlog.get_logger()


def sync_folder(folder: Path) -> None:
    """Force the names of a folder's files to disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder so that no power cut takes it away again; its parents too."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def snapshot_name(number: int) -> str:
    """Return the name of a snapshot's file in the folder `published`."""
    return f"snapshot-{number:06d}.duckdb"


def keep_last_of_month(published: Path, number: int, as_of: datetime, zone: ZoneInfo, months: int) -> None:
    """Give the snapshot a second name as the last one of its month so far, `dated/2026-10-000123.duckdb`.

    The month is that of `as_of` in the warehouse's time zone. What was the last one before loses its name, and so do the
    months before the newest `months`; 0 keeps none. A hard link takes no space as long as the snapshot is published too.
    """
    folder, file = published / DATED, published / snapshot_name(number)
    month = f"{as_of.astimezone(zone):%Y-%m}"
    link = folder / f"{month}-{number:06d}.duckdb"
    if months and _link(file, link):
        _forget(path for path in _dated(folder) if path.name.startswith(month) and path != link)
    kept = sorted({path.name[:7] for path in _dated(folder)})[-months:] if months else []
    _forget(path for path in _dated(folder) if path.name[:7] not in kept)


def prune_snapshots(published: Path, keep: int, current: int) -> None:
    """Delete all but the current snapshot and the newest before it, `keep` in all; who has one open keeps it until done.

    One with a higher number than the current is of a warehouse that is no more, and goes first.
    """
    numbers = [int(match[1]) for path in published.iterdir() if (match := _PUBLISHED_NAME.fullmatch(path.name))]
    in_order = sorted(numbers, key=lambda number: (number <= current, number))
    _forget(published / snapshot_name(number) for number in in_order[:-keep] if number != current)


def snapshot_files(settings: Settings) -> list[Path]:
    """Return every snapshot that is kept under PIXELS_HOME: published, dated, or pinned by a report."""
    places = [
        settings.published_dir.glob("snapshot-*.duckdb"),
        (settings.published_dir / DATED).glob("*.duckdb"),
        (settings.reports_dir / "snapshots").glob("*/*.duckdb"),
    ]
    return sorted(path for place in places for path in place)


def _dated(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if _DATED_NAME.fullmatch(path.name)] if folder.is_dir() else []


def _link(file: Path, link: Path) -> bool:
    """Make `link` a name of the file, in one step; return whether it is one."""
    make_folder(link.parent)
    if link.exists() and link.samefile(file):
        return True
    fresh = link.with_name(f".{link.name}.tmp")
    fresh.unlink(missing_ok=True)
    try:
        os.link(file, fresh)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        _log.warning("publish.no_dated_snapshots", folder=str(link.parent), why=f"no hard links: {error.strerror}")
        return False
    fresh.replace(link)
    sync_folder(link.parent)
    return True


def _forget(files: Iterable[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)
