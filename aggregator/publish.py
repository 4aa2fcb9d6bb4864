"""Publish a snapshot: a whole copy of the warehouse at rest, then a pointer moved to it in one step.

Readers hold the copies and never the writer's file. A crash at any step leaves the old pointer and the old files, and
the next pass, also an empty one, makes up for it.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import msgspec
import structlog

from aggregator.failures import CannotWrite
from pixels import __version__
from pixels.errors import PixelsError
from pixels.resources import sql

POINTER = "current.json"
_log = structlog.get_logger()
_COPY_CHUNK = 64 * 1024 * 1024


class CannotPublish(PixelsError):
    """The snapshot could not be written; the warehouse is sound, readers keep the one they have."""

    exit_code = 74


@dataclass(frozen=True)
class State:
    """What a reader is told about the warehouse; instants as ISO 8601 UTC with milliseconds."""

    snapshot: int
    as_of: str
    time_zone: str
    is_demo: bool
    schema_version: int
    last_event_at: str | None
    offsets: list[dict[str, object]]


def iso(instant: datetime) -> str:
    """Write an instant the way every file and answer of Pixels does."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_state(con: duckdb.DuckDBPyConnection) -> State:
    """Read what the pointer says of the warehouse: its newest figure-changing run gives number and `as_of`."""
    row = con.sql(sql("queries/warehouse_state.sql")).pl().row(0, named=True)
    offsets = con.sql('SELECT source, "partition", next_offset FROM log_offsets ORDER BY ALL').pl()
    return State(
        snapshot=row["snapshot"],
        as_of=iso(row["as_of"]),
        time_zone=row["time_zone"],
        is_demo=row["is_demo"],
        schema_version=row["schema_version"],
        last_event_at=row["last_event_at"] and iso(row["last_event_at"]),
        offsets=offsets.to_dicts(),
    )


class _Published(msgspec.Struct):
    """What a pass wants to know of the pointer that is there."""

    snapshot: int
    as_of: str
    file: str
    schema_version: int


def _read_pointer(published: Path) -> _Published | None:
    """Return the pointer; None when there is none that can be read, since the pass writes a new one anyway."""
    path = published / POINTER
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Published)
    except FileNotFoundError:
        return None
    except ValueError as error:
        _log.warning("publish.pointer_damaged", path=str(path), error=str(error))
        return None


def is_due(published: Path, state: State) -> bool:
    """Whether what is published is not of the newest figure-changing run or has older tables, or its file is missing.

    A warehouse that was made anew counts its runs from 1 again, so the number alone does not tell.
    """
    pointer = _read_pointer(published)
    if pointer is None or not (published / pointer.file).exists():
        return True
    return (pointer.snapshot, pointer.as_of, pointer.schema_version) != (
        state.snapshot,
        state.as_of,
        state.schema_version,
    )


def published_file(published: Path) -> str:
    """Return the name of the snapshot that readers open now. Call it when nothing is due."""
    pointer = _read_pointer(published)
    if pointer is None:
        raise CannotPublish(f"{published / POINTER} went away during the pass. Run it again.")
    return pointer.file


def publish_snapshot(warehouse: Path, published: Path, snapshot: int, on_step: Callable[[str], None]) -> str:
    """Copy the warehouse, which is closed and at rest, to a file of its own; return the file's name."""
    published.mkdir(parents=True, exist_ok=True)
    for leftover in published.glob(".*.tmp"):
        leftover.unlink()
    size, free = warehouse.stat().st_size, shutil.disk_usage(published).free
    if free < size * 1.05 + 1024 * 1024:
        raise CannotPublish(
            f"A snapshot needs {size / 1e6:.0f} MB, but {published} has {free / 1e6:.0f} MB left. The figures are stored; "
            "make room and run the pass again."
        )
    name = f"snapshot-{snapshot:06d}.duckdb"
    temporary = published / f".{name}.tmp"
    try:
        _copy(warehouse, temporary, on_step)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise CannotWrite(published, error) from error
    temporary.replace(published / name)
    _sync_folder(published)
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


def move_pointer(
    published: Path, state: State, file: str, *, complete_until: datetime, last_pass_at: datetime, now: datetime
) -> None:
    """Replace `current.json` in one step."""
    pointer = {
        **asdict(state),
        "file": file,
        "complete_until": iso(complete_until),
        "last_pass_at": iso(last_pass_at),
        "checked_at": iso(now),
        "code_version": __version__,
    }
    temporary = published / f".{POINTER}.tmp"
    with temporary.open("w", encoding="utf-8") as writer:
        json.dump(pointer, writer, indent=1)
        writer.flush()
        os.fsync(writer.fileno())
    temporary.replace(published / POINTER)
    _sync_folder(published)


def prune_snapshots(published: Path, keep: int, current: str) -> None:
    """Delete all but the newest snapshots and the current one; who has one open keeps it until done."""
    snapshots = sorted(published.glob("snapshot-*.duckdb"), key=lambda path: (len(path.name), path.name))
    for old in snapshots[:-keep]:
        if old.name != current:
            with suppress(FileNotFoundError):
                old.unlink()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
