"""Publish a snapshot: a whole copy of the warehouse at rest, then a pointer moved to it in one step.

Readers hold the copies and never the writer's file. A crash at any step leaves the old pointer and the old files, and
the next pass, also an empty one, makes up for it.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from pathlib import Path
from typing import Annotated

import duckdb
import msgspec
import structlog

from aggregator.failures import CannotWrite
from aggregator.snapshots import make_folder, snapshot_name, sync_folder
from aggregator.store.checks import last_check
from pixels import __version__
from pixels.errors import PixelsError
from pixels.resources import sql

POINTER = "current.json"
_log = structlog.get_logger()
_REST = 3
"""How many times as long as a snapshot took there is none after it."""
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
    last_check: dict[str, object] | None
    offsets: list[dict[str, object]]


def iso(instant: datetime) -> str:
    """Write an instant the way every file and answer of Pixels does."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_state(con: duckdb.DuckDBPyConnection) -> State:
    """Read what the pointer says of the warehouse: its newest figure-changing run gives number and `as_of`."""
    row = con.sql(sql("queries/warehouse_state.sql")).pl().row(0, named=True)
    check = last_check(con)
    offsets = con.sql('SELECT source, "partition", next_offset FROM log_offsets ORDER BY ALL').pl()
    return State(
        snapshot=row["snapshot"],
        as_of=iso(row["as_of"]),
        time_zone=row["time_zone"],
        is_demo=row["is_demo"],
        schema_version=row["schema_version"],
        last_event_at=row["last_event_at"] and iso(row["last_event_at"]),
        last_check=None if check is None else {**asdict(check), "checked_at": iso(check.checked_at)},
        offsets=offsets.to_dicts(),
    )


class Due(Enum):
    """What the end of a session has to publish."""

    NOTHING = auto()
    """No figure changed since the last snapshot."""
    NOW = auto()
    LATER = auto()
    """A figure changed, but the last snapshot was made too short a time ago for what it took."""


class _Published(msgspec.Struct):
    """What a session wants to know of the pointer that is there."""

    snapshot: int
    as_of: str
    file: str
    schema_version: int
    published_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    publish_seconds: float = 0.0

    def rests(self, now: datetime, at_once_below: float) -> bool:
        """Whether making the next snapshot now would make it more than a quarter of the time."""
        if self.published_at is None or self.publish_seconds < at_once_below:
            return False
        return timedelta(0) <= now - self.published_at < timedelta(seconds=_REST * self.publish_seconds)


def read_pointer(published: Path) -> dict[str, object]:
    """Return the pointer's content; empty when there is none that can be read, since a session then writes a new one."""
    path = published / POINTER
    try:
        content = path.read_bytes()
        msgspec.json.decode(content, type=_Published)
    except FileNotFoundError:
        return {}
    except ValueError as error:
        _log.warning("publish.pointer_damaged", path=str(path), error=str(error))
        return {}
    return msgspec.json.decode(content, type=dict[str, object])


def due(published: Path, content: Mapping[str, object], state: State, now: datetime, at_once_below: float) -> Due:
    """Say whether what is published, by the pointer's content, is not of the newest figure-changing run or has older tables, or its file is missing.

    A warehouse that was made anew counts its runs from 1 again, so the number alone does not tell. At most a quarter of
    the time goes into publishing: a snapshot that took `at_once_below` seconds or more is followed by three times as long
    without one, unless there is none that readers can use.
    """
    if not content:
        return Due.NOW
    pointer = msgspec.convert(content, _Published)
    if not (published / pointer.file).exists() or pointer.schema_version != state.schema_version:
        return Due.NOW
    if (pointer.snapshot, pointer.as_of) == (state.snapshot, state.as_of):
        return Due.NOTHING
    return Due.LATER if pointer.rests(now, at_once_below) else Due.NOW


def publish_snapshot(warehouse: Path, published: Path, snapshot: int, on_step: Callable[[str], None]) -> str:
    """Copy the warehouse, which is closed and at rest, to a file of its own; return the file's name."""
    make_folder(published)
    for leftover in published.glob(".*.tmp"):
        leftover.unlink()
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


def content_of(state: State, file: str, complete_until: datetime) -> dict[str, object]:
    """Return what the pointer says of a snapshot."""
    return {
        **asdict(state),
        "file": file,
        "complete_until": iso(complete_until),
        "code_version": __version__,
    }


def move_pointer(published: Path, content: Mapping[str, object]) -> None:
    """Replace `current.json` in one step."""
    temporary = published / f".{POINTER}.tmp"
    with temporary.open("w", encoding="utf-8") as writer:
        json.dump(content, writer, indent=1)
        writer.flush()
        os.fsync(writer.fileno())
    temporary.replace(published / POINTER)
    sync_folder(published)
