"""`published/current.json`: which snapshot is the newest, and up to which instant it holds the data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

from pixels.errors import NoSnapshot
from pixels.resources import resource_path

POINTER = "current.json"
MEDIA_DUCKDB = "application/vnd.duckdb"
"""The media type of a snapshot's file (IANA's for DuckDB)."""
Instant = Annotated[datetime, msgspec.Meta(tz=True)]


def utc_text(instant: datetime) -> str:
    """Write an instant as every file and answer of Pixels does: ISO 8601, UTC, milliseconds."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class LastCheck:
    """What `pixels rebuild --check` found the last time: the stored figures beside those that the records give."""

    checked_at: Instant
    snapshot: int
    """The figures that were checked: those of this snapshot."""
    equal: bool
    differences: dict[str, int]
    """How many rows differ, by table; none when all are equal."""
    code_version: str


@dataclass(frozen=True)
class Pointer:
    """What is published. Instants are aware; the aggregator replaces the whole after every pass."""

    snapshot: int
    """Number of the newest pass that changed a figure; 0: no pass has yet."""
    file: str
    """Name of the snapshot's file, in the folder of the pointer."""
    as_of: Instant
    """When that pass committed."""
    complete_until: Instant
    """Every event acknowledged before this instant is counted."""
    last_pass_at: Instant
    """When the last pass ended, also one that found nothing."""
    checked_at: Instant
    """When this pointer was written."""
    last_event_at: Instant | None
    """created_at of the newest event; None while there is none."""
    time_zone: str
    """IANA name of the zone whose calendar days are counted."""
    is_demo: bool
    schema_version: int
    code_version: str
    last_check: LastCheck | None = None
    """The newest comparison of the figures with the records; None when there was none, or the file does not say."""

    def names_the_snapshot_of(self, other: Pointer) -> bool:
        """Whether both point at the same snapshot of the same warehouse; an empty pass moves neither."""
        return (self.file, self.snapshot, self.as_of) == (other.file, other.snapshot, other.as_of)


def read_pointer(published: Path) -> Pointer:
    """Read the pointer of a published folder; when it is the one read last time, this is one `stat`.

    Raises NoSnapshot when there is none, or none that can be used.
    """
    path = published / POINTER
    try:
        facts = path.stat()
        return _read(path, (facts.st_ino, facts.st_mtime_ns, facts.st_size))
    except (FileNotFoundError, NotADirectoryError):
        raise NoSnapshot(
            f"nothing has been published under {_home_of(published)} yet: run `pixels aggregate`, "
            "or set PIXELS_HOME to the folder that holds your data"
        ) from None
    except (OSError, ValueError) as error:
        raise NoSnapshot(f"{path} cannot be read: {error}. Delete it and run `pixels aggregate`.") from error


@lru_cache(maxsize=16)
def _read(path: Path, _stamp: tuple[int, int, int]) -> Pointer:
    """Read it once: a pointer is replaced, never written again, so that its stamp tells one from the next."""
    pointer = msgspec.json.decode(path.read_bytes(), type=Pointer)
    if Path(pointer.file).name != pointer.file or not pointer.file.endswith(".duckdb"):
        raise NoSnapshot(
            f"{path} names {pointer.file!r}, which is no snapshot of its folder. Delete it and run `pixels aggregate`."
        )
    check_usable(pointer, path)
    return pointer


class _Offset(msgspec.Struct):
    source: str
    partition: int
    next_offset: int


class _Offsets(msgspec.Struct):
    offsets: list[_Offset] = []


def read_offsets(published: Path) -> dict[tuple[str, int], int]:
    """Return how far the logs are counted in what is published: the next offset of each source and partition.

    Raises NoSnapshot when the pointer cannot be read.
    """
    path = published / POINTER
    try:
        found = msgspec.json.decode(path.read_bytes(), type=_Offsets).offsets
    except (OSError, ValueError) as error:
        raise NoSnapshot(f"{path} cannot be read: {error}. Delete it and run `pixels aggregate`.") from error
    return {(one.source, one.partition): one.next_offset for one in found}


def check_usable(pointer: Pointer, path: Path) -> None:
    """Raise NoSnapshot when this version of Pixels cannot read what `pointer` stands for."""
    known = sum(1 for _ in (resource_path("schema") / "migrations").glob("*.sql"))
    if pointer.schema_version > known:
        raise NoSnapshot(
            f"{path} was written by a newer Pixels ({pointer.code_version}, schema {pointer.schema_version}; "
            f"this one knows schema {known}): install that version or a newer one"
        )
    try:
        ZoneInfo(pointer.time_zone)
    except (KeyError, ValueError, OSError) as error:
        raise NoSnapshot(
            f"{path} names the time zone {pointer.time_zone!r}, which this machine does not know."
        ) from error


def _home_of(published: Path) -> Path:
    return published.parent if published.name == "published" else published
