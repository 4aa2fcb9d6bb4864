"""What was told of each alert: one JSON file, replaced at once and on disk before anything depends on it.

A check that is killed just as a message went out sends it again under the same key, which mail readers show once.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from pixels.errors import PixelsError
from pixels.files import replace_file

FILE = "alerts.json"


@dataclass(frozen=True)
class Told:
    """A message that is on its way."""

    subject: str
    text: str
    key: str
    is_alarm: bool
    delivered: tuple[str, ...] = ()
    """Keys of those who have it."""


@dataclass(frozen=True)
class Entry:
    """What is known of one alert. Instants are texts: ISO 8601, UTC."""

    is_on: bool = False
    """Whether people were told that something holds, and not yet that it is over."""
    told_at: str | None = None
    keys: tuple[str, ...] = ()
    """What they were told of."""
    pending: Told | None = None
    """What somebody did not get yet."""


@dataclass
class Ledger:
    """The entries by alert, and where they are kept."""

    path: Path
    entries: dict[str, Entry] = field(default_factory=dict)

    @classmethod
    def read(cls, home: Path) -> Ledger:
        """Read it; without a file it is empty. Raises PixelsError for one that is damaged."""
        path = home / FILE
        try:
            found: dict[str, dict[str, Any]] = json.loads(path.read_bytes())
            entries = {name: _entry(values) for name, values in found.items()}
        except FileNotFoundError:
            entries = {}
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise PixelsError(
                f"{path} cannot be read ({error}). Move it away to begin anew: what holds is then told again."
            ) from error
        return cls(path, entries)

    def put(self, name: str, **changes: Any) -> Entry:
        """Change an entry, on disk before this returns."""
        self.entries[name] = replace(self.entries.get(name, Entry()), **changes)
        written = {each: asdict(entry) for each, entry in self.entries.items()}
        replace_file(self.path, (json.dumps(written, indent=1) + "\n").encode(), durable=True)
        return self.entries[name]


def _entry(values: dict[str, Any]) -> Entry:
    pending = values["pending"]
    told = None if pending is None else Told(**{**pending, "delivered": tuple(pending["delivered"])})
    return Entry(**{**values, "keys": tuple(values["keys"]), "pending": told})
