"""What became of each schedule: one JSON file, replaced at once and on disk before anything depends on it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from pixels.errors import PixelsError
from pixels.files import replace_file

FILE = "schedules.json"


@dataclass(frozen=True)
class Entry:
    """What is known of one schedule. Instants are texts: ISO 8601, UTC."""

    since: str
    """What was due up to then is done with."""
    running: str | None = None
    """The due instant that was begun last; it is run again unless `status` says how it went."""
    status: str | None = None
    """ok or failed, of the run for `running`."""
    error: str | None = None
    folder: str | None = None
    delivered: tuple[str, ...] = ()
    """Keys of those who got the message for `running`."""
    is_delivered: bool = True
    """Whether all of them did."""
    passed_over: int = 0
    finished_at: str | None = None


@dataclass
class Ledger:
    """The entries by schedule, and where they are kept."""

    path: Path
    entries: dict[str, Entry] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Ledger:
        """Read it; without a file it is empty. Raises PixelsError for one that is damaged."""
        path = folder / FILE
        try:
            found: dict[str, dict[str, Any]] = json.loads(path.read_bytes())
            entries = {
                name: Entry(**{**entry, "delivered": tuple(entry["delivered"])}) for name, entry in found.items()
            }
        except FileNotFoundError:
            entries = {}
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise PixelsError(
                f"{path} cannot be read ({error}). Move it away to begin anew: what was due before is then not made up for."
            ) from error
        return cls(path, entries)

    def put(self, name: str, **changes: Any) -> Entry:
        """Change an entry, and write all; it is on disk when this returns."""
        entry = replace(self.entries[name], **changes) if name in self.entries else Entry(**changes)
        self.entries[name] = entry
        self.path.parent.mkdir(parents=True, exist_ok=True)
        written = json.dumps({name: asdict(entry) for name, entry in self.entries.items()}, indent=1)
        replace_file(self.path, written.encode(), durable=True)
        return entry
