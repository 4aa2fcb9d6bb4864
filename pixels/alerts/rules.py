"""Rules of alerts: what `alerts.toml` says, read and checked whole before anything is looked at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pixels.config import Settings
from pixels.delivery import Recipient
from pixels.toml_tables import Table, check_names, read_tables

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
    rules = [_rule(table) for table in read_tables(path, "alert")]
    check_names(path, "alert", [rule.name for rule in rules])
    return rules


def _rule(table: Table) -> Rule:
    """Check everything."""
    table.check_keys(_KEYS)
    for key in _NEEDED:
        if key not in table.values:
            raise table.wrong(key, "is missing")
    name, on = table.values["name"], table.values["on"]
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise table.wrong("name", "is to be of a-z, 0-9, - and _, at most 63 of them")
    if on not in SUBJECTS:
        raise table.wrong("on", f"{on!r} is not one of {', '.join(SUBJECTS)}")
    if "after" in table.values and on != LAG:
        raise table.wrong("after", f"belongs to {LAG}: how old the data may be")
    to = table.recipients("to")
    if not to:
        raise table.no_recipients("to")
    return Rule(name, on, to, _length(table, "cool_down", COOL_DOWN), _length(table, "after", AFTER))


def _length(table: Table, key: str, default: timedelta) -> timedelta:
    text = table.values.get(key)
    if text is None:
        return default
    found = _LENGTH.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise table.wrong(key, f'{text!r} is no length of time; write "30m", "12h" or "2d"')
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
