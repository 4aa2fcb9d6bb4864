"""Rules of alerts: what `alerts.toml` says, read and checked whole before anything is looked at."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from pixels.config import Settings
from pixels.delivery import Recipient, read_recipients
from pixels.errors import BadParameter, ConfigurationError
from pixels.reports.notebooks import did_you_mean

FILE = "alerts.toml"
ANOMALIES, SILENCE, LAG, REBUILD_CHECK = "anomalies", "silence", "lag", "rebuild_check"
SUBJECTS = (ANOMALIES, SILENCE, LAG, REBUILD_CHECK)
COOL_DOWN, AFTER = timedelta(hours=12), timedelta(hours=1)
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_LENGTH = re.compile(r"([1-9][0-9]{0,4})(m|h|d)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_NEEDED = ("name", "on", "to")
_KEYS = (*_NEEDED, "cool_down", "after")


@dataclass(frozen=True)
class Rule:
    """One alert."""

    name: str
    on: str
    """What it looks at: one of `SUBJECTS`."""
    to: tuple[Recipient, ...]
    cool_down: timedelta = COOL_DOWN
    """How long nothing new is told after something was."""
    after: timedelta = AFTER
    """Of lag: from when on it is one."""


def rules_file(settings: Settings) -> Path:
    """Return where the rules stand."""
    return Path(settings.alerts_file).expanduser() if settings.alerts_file else settings.home / FILE


def read_rules(settings: Settings) -> list[Rule]:
    """Read all rules, in the order of the file; none when there is no file.

    Raises ConfigurationError that names the file, the rule and what to write instead. No address of a chat is in it.
    """
    path = rules_file(settings)
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from error
    entries = found.pop("alert", [])
    if found or not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        what = f"{next(iter(found))!r} is not known there" if found else "'alert' is no list"
        raise ConfigurationError(f"{path}: {what}: each rule begins with a line [[alert]]")
    rules = [_Entry(path, place, entry).rule() for place, entry in enumerate(entries, 1)]
    names = [rule.name for rule in rules]
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(f"{path}: two alerts are called {name!r}")
    return rules


@dataclass(frozen=True)
class _Entry:
    """One [[alert]] of the file."""

    path: Path
    place: int
    values: dict[str, Any]

    def rule(self) -> Rule:
        """Check everything."""
        for key in self.values:
            if key not in _KEYS:
                raise self._wrong(key, f"is not known{did_you_mean(key, _KEYS)}; there is {', '.join(_KEYS)}")
        for key in _NEEDED:
            if key not in self.values:
                raise self._wrong(key, "is missing")
        name, on = self.values["name"], self.values["on"]
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise self._wrong("name", "is to be of a-z, 0-9, - and _, at most 63 of them")
        if on not in SUBJECTS:
            raise self._wrong("on", f"{on!r} is not one of {', '.join(SUBJECTS)}")
        if "after" in self.values and on != LAG:
            raise self._wrong("after", f"belongs to {LAG}: how old the data may be")
        return Rule(name, on, self._recipients(), self._length("cool_down", COOL_DOWN), self._length("after", AFTER))

    def _recipients(self) -> tuple[Recipient, ...]:
        texts = self.values["to"]
        if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
            raise self._wrong("to", 'is no list of texts; write ["anna@example.com"]')
        try:
            return tuple(read_recipients(texts))
        except BadParameter as error:
            raise self._wrong("to", error.problem) from error

    def _length(self, key: str, default: timedelta) -> timedelta:
        text = self.values.get(key)
        if text is None:
            return default
        found = _LENGTH.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            raise self._wrong(key, f'{text!r} is no length of time; write "30m", "12h" or "2d"')
        return timedelta(**{_UNITS[found[2]]: int(found[1])})

    def _wrong(self, key: str, what: str) -> ConfigurationError:
        name = self.values.get("name")
        which = f"alert {name!r}" if isinstance(name, str) else f"alert number {self.place}"
        return ConfigurationError(f"{self.path}: {which}: {key}: {what}")
