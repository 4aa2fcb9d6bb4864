"""Publish a snapshot: a whole copy of the warehouse at rest, then a pointer moved to it in one step.

Readers hold the copies and never the writer's file. A crash at any step leaves the old pointer and the old files, and
the next pass, also an empty one, makes up for it.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from pathlib import Path
from typing import Annotated

import duckdb
import msgspec
import structlog

from aggregator.snapshots import keep_last_of_month, prune_snapshots, sync_folder, write_snapshot
from aggregator.store.checks import last_check
from aggregator.store.opening import checkpoint_and_close
from pixels import __version__
from pixels.config import Settings
from pixels.resources import sql

POINTER = "current.json"
_log = structlog.get_logger()
_Instant = Annotated[datetime, msgspec.Meta(tz=True)]
_REST = 3
"""How many times as long as a snapshot took there is none after it."""


@dataclass(frozen=True)
class State:
    """What a reader is told about the warehouse; instants as ISO 8601 UTC with milliseconds."""

    snapshot: int
    as_of: str
    last_pass_at: str
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
        last_pass_at=iso(row["last_pass_at"]),
        time_zone=row["time_zone"],
        is_demo=row["is_demo"],
        schema_version=row["schema_version"],
        last_event_at=row["last_event_at"] and iso(row["last_event_at"]),
        last_check=None if check is None else {**asdict(check), "checked_at": iso(check.checked_at)},
        offsets=offsets.to_dicts(),
    )


class _Due(Enum):
    """What the end of a session has to publish."""

    NOTHING = auto()
    """No figure changed since the last snapshot."""
    NOW = auto()
    LATER = auto()
    """A figure changed, but the last snapshot was made too short a time ago for what it took."""


class _Published(msgspec.Struct):
    """What a session wants to know of the pointer that is there."""

    snapshot: int
    as_of: _Instant
    file: str
    schema_version: int
    published_at: _Instant | None = None
    publish_seconds: Annotated[float, msgspec.Meta(ge=0, le=1e7)] = 0.0

    def rests(self, now: datetime, at_once_below: float) -> bool:
        """Whether making the next snapshot now would make it more than a quarter of the time."""
        if self.published_at is None or self.publish_seconds < at_once_below:
            return False
        return timedelta(0) <= now - self.published_at < timedelta(seconds=_REST * self.publish_seconds)


def _read_pointer(published: Path) -> dict[str, object]:
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


def _due(published: Path, content: Mapping[str, object], state: State, now: datetime, at_once_below: float) -> _Due:
    """Compare the pointer with the warehouse. What readers cannot use, or not find, is published anew whatever it cost.

    A warehouse that was made anew counts its runs from 1 again, so the number alone does not tell.
    """
    if not content:
        return _Due.NOW
    pointer = msgspec.convert(content, _Published)
    if not (published / pointer.file).is_file() or pointer.schema_version != state.schema_version:
        return _Due.NOW
    if (pointer.snapshot, iso(pointer.as_of)) == (state.snapshot, state.as_of):
        return _Due.NOTHING
    return _Due.LATER if pointer.rests(now, at_once_below) else _Due.NOW


def _content(state: State, file: str, complete_until: datetime) -> dict[str, object]:
    """Return what the pointer says of a snapshot."""
    return {
        **asdict(state),
        "file": file,
        "complete_until": iso(complete_until),
        "code_version": __version__,
    }


def _move_pointer(published: Path, content: Mapping[str, object]) -> None:
    """Replace `current.json` in one step."""
    temporary = published / f".{POINTER}.tmp"
    with temporary.open("w", encoding="utf-8") as writer:
        json.dump(content, writer, indent=1)
        writer.flush()
        os.fsync(writer.fileno())
    temporary.replace(published / POINTER)
    sync_folder(published)


def publish(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    complete_until: datetime,
    step: Callable[[str], None],
    now: Callable[[], datetime],
    *,
    at_once_below: float = math.inf,
) -> tuple[int, bool]:
    """Close the warehouse, publish it if a figure changed, move the pointer; return the published number, and whether it is new.

    At most a quarter of the time goes into publishing: a snapshot that took `at_once_below` seconds or more is followed
    by three times as long without one. Meanwhile the pointer goes on saying what is published.
    """
    began, folder = time.monotonic(), settings.published_dir
    state, pointer = read_state(con), _read_pointer(folder)
    due = _due(folder, pointer, state, now(), at_once_below)
    if due is _Due.NOW:
        step("before_checkpoint")
        checkpoint_and_close(con, settings.warehouse_path)
        file = write_snapshot(settings.warehouse_path, folder, state.snapshot, step)
        pointer = _content(state, file, complete_until)
        pointer |= {"published_at": iso(now()), "publish_seconds": round(time.monotonic() - began, 3)}
    else:
        con.close()
        if due is _Due.NOTHING:
            pointer |= _content(state, str(pointer["file"]), complete_until)
    number = int(str(pointer["snapshot"]))
    as_of = datetime.fromisoformat(str(pointer["as_of"]))
    keep_last_of_month(folder / str(pointer["file"]), number, as_of, settings.zone, settings.keep_months)
    step("before_pointer")
    _move_pointer(folder, pointer | {"last_pass_at": state.last_pass_at, "checked_at": iso(now())})
    step("after_pointer")
    prune_snapshots(folder, settings.keep_snapshots, number)
    return number, due is _Due.NOW
