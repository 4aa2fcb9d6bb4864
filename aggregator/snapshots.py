"""The files of snapshots: how one is written, and which stay: the newest few, the last of each month, those of reports."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from aggregator.failures import CannotWrite
from pixels.config import Settings
from pixels.errors import CANNOT_READ_OR_WRITE, PixelsError

DATED = "dated"
_PUBLISHED_NAME = re.compile(r"snapshot-(\d{6,})\.duckdb")
_DATED_NAME = re.compile(r"(\d{4}-\d{2})-\d{6,}\.duckdb")
_NO_HARD_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}
_COPY_CHUNK = 64 * 1024 * 1024
_log = structlog.get_logger()


class CannotPublish(PixelsError):
    """The snapshot could not be written; the warehouse is sound, readers keep the one they have."""

    exit_code = CANNOT_READ_OR_WRITE


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


def write_snapshot(warehouse: Path, published: Path, snapshot: int, on_step: Callable[[str], None]) -> str:
    """Copy the warehouse, which is closed and at rest, to a file of its own; return the file's name."""
    make_folder(published)
    _forget(published.glob(".*.tmp"))  # of sessions that were killed
    size, free = warehouse.stat().st_size, shutil.disk_usage(published).free
    if free < size * 1.05 + 1024 * 1024:
        raise CannotPublish(
            f"A snapshot needs {size / 1e6:.0f} MB, but {published} has {free / 1e6:.0f} MB left. The figures are stored; "
            "make room and run the pass again."
        )
    name = snapshot_name(snapshot)
    temporary = published / f".{name}.tmp"
    try:
        _copy(warehouse, temporary, on_step)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise CannotWrite(published, error) from error
    temporary.replace(published / name)
    sync_folder(published)
    return name


def _copy(source: Path, target: Path, on_step: Callable[[str], None]) -> None:
    """Copy with `copy_file_range`, which shares blocks where the file system can, and force it to disk."""
    with source.open("rb") as reader, target.open("wb") as writer:
        left = os.fstat(reader.fileno()).st_size
        while left:
            on_step("in_copy")
            copied = _copy_some(reader.fileno(), writer.fileno(), min(left, _COPY_CHUNK))
            if copied == 0:
                raise OSError(f"{source} ended {left} bytes early")
            left -= copied
        os.fsync(writer.fileno())


def _copy_some(source: int, target: int, size: int) -> int:
    """Copy up to `size` bytes and return how many; `sendfile` where the two lie on different file systems."""
    try:
        return os.copy_file_range(source, target, size)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL):
            raise
        return os.sendfile(target, source, None, size)


def keep_last_of_month(file: Path, number: int, as_of: datetime, zone: ZoneInfo, months: int) -> None:
    """Give the published snapshot a second name as the last one of its month so far, `dated/2026-10-000123.duckdb`.

    The month is that of `as_of` in the warehouse's time zone. What was the last one before loses its name, and so do the
    months before the newest `months`; 0 keeps none. A hard link takes no space as long as the snapshot is published too.
    """
    folder, month = file.parent / DATED, f"{as_of.astimezone(zone):%Y-%m}"
    link = folder / f"{month}-{number:06d}.duckdb"
    if months and _link(file, link):
        _forget(path for path in _dated(folder) if path.name.startswith(month) and path != link)
    kept = sorted({path.name[:7] for path in _dated(folder)})[-months:] if months else []
    _forget(folder.glob(".*.tmp"))  # they would hold the room of a snapshot
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
