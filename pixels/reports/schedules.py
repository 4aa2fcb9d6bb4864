"""Schedules of reports: what `reports.toml` says, read and checked whole before anything runs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pixels.config import Settings
from pixels.delivery import Recipient, read_recipients
from pixels.errors import BadParameter, ConfigurationError
from pixels.reports.due import check_cron
from pixels.reports.notebooks import did_you_mean, report_notebook
from pixels.reports.parameters import declared_parameters, read_parameters
from pixels.reports.pinned import PINS

FILE = "reports.toml"
MOST_RETRIES = 10
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_NEEDED = ("name", "report", "cron")
_KEYS = (*_NEEDED, "time_zone", "parameters", "to", "on_failure", "retries")


@dataclass(frozen=True)
class Schedule:
    """A report that is run again and again."""

    name: str
    report: str
    cron: str
    zone: ZoneInfo
    """In which `cron` is meant."""
    parameters: Mapping[str, str]
    to: tuple[Recipient, ...]
    """Who gets it."""
    on_failure: tuple[Recipient, ...]
    """Who hears that it failed."""
    retries: int
    """How often a failed run is tried again at once."""


def schedules_file(settings: Settings) -> Path:
    """Return where the schedules stand."""
    return Path(settings.schedules_file).expanduser() if settings.schedules_file else settings.home / FILE


def read_schedules(settings: Settings, *, notebooks: Path | None = None) -> list[Schedule]:
    """Read all schedules, in the order of the file; none when there is no file.

    Raises ConfigurationError that names the file, the schedule and what to write instead. No address of a chat is in it.
    """
    path = schedules_file(settings)
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from error
    entries = found.pop("schedule", [])
    if found or not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        what = f"{next(iter(found))!r} is not known there" if found else "'schedule' is no list"
        raise ConfigurationError(f"{path}: {what}: each schedule begins with a line [[schedule]]")
    schedules = [_Entry(path, place, entry, settings, notebooks).schedule() for place, entry in enumerate(entries, 1)]
    names = [schedule.name for schedule in schedules]
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(f"{path}: two schedules are called {name!r}")
    return schedules


@dataclass(frozen=True)
class _Entry:
    """One [[schedule]] of the file."""

    path: Path
    place: int
    values: dict[str, Any]
    settings: Settings
    notebooks: Path | None

    def schedule(self) -> Schedule:
        """Check everything."""
        for key in self.values:
            if key not in _KEYS:
                raise self._wrong(key, f"is not known{did_you_mean(key, _KEYS)}; there is {', '.join(_KEYS)}")
        for key in _NEEDED:
            if not isinstance(self.values.get(key), str):
                raise self._wrong(key, "is missing" if key not in self.values else "is no text")
        if not _NAME.fullmatch(self.values["name"]):
            raise self._wrong("name", "is to be of a-z, 0-9, - and _, at most 63 of them: it names a folder")
        if self.values["name"] == PINS:
            raise self._wrong(
                "name", "the folder of that name holds the snapshots that reports were made of; take another"
            )
        try:
            check_cron(self.values["cron"])
        except BadParameter as error:
            raise self._wrong("cron", error.problem) from error
        return Schedule(
            self.values["name"],
            self.values["report"],
            self.values["cron"],
            self._zone(),
            self._parameters(),
            self._recipients("to"),
            self._recipients("on_failure"),
            self._retries(),
        )

    def _zone(self) -> ZoneInfo:
        name = self.values.get("time_zone", self.settings.timezone)
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, TypeError, OSError):
            raise self._wrong("time_zone", f"{name!r} is no time zone; write one such as Europe/Berlin") from None

    def _parameters(self) -> dict[str, str]:
        given = self.values.get("parameters", {})
        if not isinstance(given, dict) or not all(isinstance(value, str | int) for value in given.values()):
            raise self._wrong("parameters", 'is no table of texts and numbers; write { days = "last_week" }')
        texts = {name: str(value) for name, value in given.items()}
        try:
            declared = declared_parameters(report_notebook(self.values["report"], self.notebooks))
            read_parameters(declared, texts, datetime.now(UTC).date())
        except BadParameter as error:
            raise self._wrong(
                "report" if error.parameter == "name" else f"parameters.{error.parameter}", error.problem
            ) from error
        return texts

    def _recipients(self, key: str) -> tuple[Recipient, ...]:
        texts = self.values.get(key, [])
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise self._wrong(key, 'is no list of texts; write ["anna@example.com"]')
        try:
            return tuple(read_recipients(texts))
        except BadParameter as error:
            raise self._wrong(key, error.problem) from error

    def _retries(self) -> int:
        retries = self.values.get("retries", 2)
        if not isinstance(retries, int) or isinstance(retries, bool) or not 0 <= retries <= MOST_RETRIES:
            raise self._wrong("retries", f"is not a number from 0 to {MOST_RETRIES}")
        return retries

    def _wrong(self, key: str, what: str) -> ConfigurationError:
        name = self.values.get("name")
        which = f"schedule {name!r}" if isinstance(name, str) else f"schedule number {self.place}"
        return ConfigurationError(f"{self.path}: {which}: {key}: {what}")
