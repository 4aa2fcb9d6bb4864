"""`pixels.open()`: from a home, a published folder, one file, or somebody's API, to a `Warehouse`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from pixels.config import Settings, load_settings
from pixels.dimensions import check_pattern
from pixels.errors import BadParameter, NoSnapshot
from pixels.kept import kept_snapshots
from pixels.pointer import POINTER, Pointer, check_usable, read_pointer
from pixels.snapshot import Snapshot, SnapshotGone
from pixels.warehouse import Source, Warehouse

_TRIES = 5
_PAUSE_BETWEEN_TRIES = 0.05
_WRITERS_FILE = "warehouse.duckdb"


@dataclass(frozen=True)
class Reading:
    """What of the settings matters to who reads."""

    memory_limit: str
    tag_pattern: str

    @classmethod
    def by(cls, settings: Settings) -> Reading:
        """Take it out of the settings. Raises ConfigurationError for a pattern that cannot be run over tags."""
        return cls(settings.memory_limit, check_pattern(settings.tag_pattern))


def open_warehouse(
    path: str | Path | None = None, *, snapshot: int | None = None, api_key: str | None = None
) -> Warehouse:
    """Open the newest published snapshot, read-only, or the one with the number `snapshot` if it is still kept.

    `path`: None for PIXELS_HOME; else a PIXELS_HOME folder, a published folder, one snapshot file (.duckdb), or the address
    of somebody's API, such as "https://stats.example:8788": its newest snapshot is fetched once into a cache of this user,
    without addresses and user agents; `api_key` (default PIXELS_API_KEY) is a key of the scope analyst.
    Raises NoSnapshot, which says what to do, when nothing usable is there; BadParameter; RemoteError.
    """
    settings = load_settings()
    if snapshot is not None and (not isinstance(snapshot, int) or isinstance(snapshot, bool)):
        raise BadParameter("snapshot", f"{snapshot!r} is not the number of a snapshot, such as 12")
    if isinstance(path, str) and path.lower().startswith(("http://", "https://")):
        from pixels.remote import open_remote

        return open_remote(path, settings, snapshot, api_key)
    if api_key is not None:
        raise BadParameter("api_key", "only an address such as https://stats.example:8788 takes one")
    if path is None:
        return _one_of(Published(settings.published_dir, Reading.by(settings)), snapshot)
    if not isinstance(path, str | Path):
        raise BadParameter(
            "path", f"{path!r} is no path: give a PIXELS_HOME folder, a published folder, or a snapshot file"
        )
    path = _expanded(path)
    if path.is_file():
        return _open_file_of(path, snapshot, Reading.by(settings))
    if not path.is_dir() and path.name != "published":
        raise NoSnapshot(f"{path} does not exist: give a PIXELS_HOME folder, a published folder, or a snapshot file")
    is_home = path.name != "published" and not (path / POINTER).exists()
    return _one_of(Published(path / "published" if is_home else path, Reading.by(settings)), snapshot)


def _one_of(published: Published, number: int | None) -> Warehouse:
    return published.open() if number is None else published.kept(number)


def _expanded(path: str | Path) -> Path:
    try:
        expanded = Path(path).expanduser()
        expanded.is_file()  # raises for what the file system takes for no path, or does not let us see
    except (RuntimeError, OSError) as error:
        raise BadParameter("path", f"{path}: {error}") from error
    return expanded


@dataclass(frozen=True)
class Published:
    """A published folder."""

    folder: Path
    reading: Reading

    def pointer(self) -> Pointer:
        """Read `current.json`."""
        return read_pointer(self.folder)

    def open(self) -> Warehouse:
        """Open what the pointer names; a file that went away meanwhile means that the pointer has moved on."""
        for tries_left in reversed(range(_TRIES)):
            pointer = self.pointer()
            try:
                return self._named_by(pointer)
            except SnapshotGone:
                time.sleep(_PAUSE_BETWEEN_TRIES if tries_left else 0)
        raise NoSnapshot(
            f"{self.folder / POINTER} names {pointer.file}, which is not there: run `pixels aggregate`, it publishes it again"
        )

    def kept(self, number: int) -> Warehouse:
        """Open the snapshot with this number; of it `fresh` and `reload` tell and open the newest."""
        for _ in range(_TRIES):
            pointer, kept = self.pointer(), kept_snapshots(self.folder)
            try:
                if pointer.snapshot == number:
                    return self._named_by(pointer)
                if number not in kept:
                    break
                return open_file(kept[number], self.reading, self)
            except SnapshotGone:  # deleted since we looked; it may be kept elsewhere
                continue
        numbers = ", ".join(map(str, kept_snapshots(self.folder))) or "none"
        raise NoSnapshot(f"snapshot {number} is not kept under {self.folder}; kept are: {numbers}")

    def _named_by(self, pointer: Pointer) -> Warehouse:
        snapshot = Snapshot(self.folder / pointer.file, self.reading.memory_limit)
        return Warehouse(pointer, snapshot, self, self.reading.tag_pattern)


def _open_file_of(file: Path, number: int | None, reading: Reading) -> Warehouse:
    warehouse = open_file(file, reading, None)
    if number in (None, warehouse.snapshot):
        return warehouse
    warehouse.close()
    raise NoSnapshot(f"{file} is snapshot {warehouse.snapshot}, not {number}")


def open_file(file: Path, reading: Reading, source: Source | None) -> Warehouse:
    """Open one file. It stands for itself alone, or for a state of what `source` publishes."""
    if file.name == _WRITERS_FILE:
        raise NoSnapshot(f"{file} belongs to `pixels aggregate` alone; open {file.parent}, its snapshots are published")
    snapshot = Snapshot(file, reading.memory_limit)
    try:
        pointer = _pointer_from_file(snapshot)
    except NoSnapshot:
        snapshot.close()
        raise
    return Warehouse(pointer, snapshot, source, reading.tag_pattern)


def _pointer_from_file(snapshot: Snapshot) -> Pointer:
    """Read from the snapshot itself what `current.json` says of the newest one."""
    facts = snapshot.query("snapshot_facts").to_dicts()
    if len(facts) != 1:
        raise NoSnapshot(f"{snapshot.file} is no snapshot of a Pixels warehouse")
    pointer = Pointer(file=snapshot.file.name, **facts[0])
    check_usable(pointer, snapshot.file)
    return pointer
