"""Files such as reports.toml and alerts.toml: tables of one kind, each checked whole before anything is done."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pixels.delivery import Recipient, read_recipients
from pixels.errors import BadParameter, ConfigurationError
from pixels.reports.notebooks import did_you_mean


@dataclass(frozen=True)
class Table:
    """One table of a file."""

    path: Path
    kind: str
    """What such a table is: schedule, alert."""
    place: int
    """The first one is 1."""
    values: dict[str, Any]

    def check_keys(self, known: Sequence[str]) -> None:
        """Raise ConfigurationError for a key that there is not."""
        for key in self.values:
            if key not in known:
                raise self.wrong(key, f"is not known{did_you_mean(key, known)}; there is {', '.join(known)}")

    def recipients(self, key: str) -> tuple[Recipient, ...]:
        """Return who is named under a key; nobody where it is not there. Raises ConfigurationError without any address in it."""
        texts = self.values.get(key, [])
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise self.no_recipients(key)
        try:
            return tuple(read_recipients(texts))
        except BadParameter as error:
            raise self.wrong(key, error.problem) from error

    def no_recipients(self, key: str) -> ConfigurationError:
        """Return the error of a key that does not name anybody."""
        return self.wrong(key, 'is no list of texts; write ["anna@example.com"]')

    def wrong(self, key: str, what: str) -> ConfigurationError:
        """Return the error that names file, table and key."""
        name = self.values.get("name")
        which = f"{self.kind} {name!r}" if isinstance(name, str) else f"{self.kind} number {self.place}"
        return ConfigurationError(f"{self.path}: {which}: {key}: {what}")


def read_tables(path: Path, kind: str) -> list[Table]:
    """Read the [[kind]] of a file in their order; none when there is no file. Raises ConfigurationError for another file."""
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from error
    entries = found.pop(kind, [])
    if found or not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        what = f"{next(iter(found))!r} is not known there" if found else f"{kind!r} is no list"
        raise ConfigurationError(f"{path}: {what}: each {kind} begins with a line [[{kind}]]")
    return [Table(path, kind, place, entry) for place, entry in enumerate(entries, 1)]


def check_names(path: Path, kind: str, names: Sequence[str]) -> None:
    """Raise ConfigurationError for a name that two of them have."""
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(f"{path}: two {kind}s are called {name!r}")
