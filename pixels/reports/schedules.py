"""Schedules of reports: what `reports.toml` says, read and checked whole before anything runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pixels.config import Settings
from pixels.delivery import Recipient
from pixels.errors import BadParameter
from pixels.reports.due import check_cron
from pixels.reports.notebooks import report_notebook
from pixels.reports.parameters import declared_parameters, read_parameters
from pixels.reports.pinned import PINS
from pixels.toml_tables import Table, check_names, read_tables

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
    schedules = [_Entry(table, settings, notebooks).schedule() for table in read_tables(path, "schedule")]
    check_names(path, "schedule", [schedule.name for schedule in schedules])
    return schedules


@dataclass(frozen=True)
class _Entry:
    """One [[schedule]] of the file."""

    table: Table
    settings: Settings
    notebooks: Path | None

    def schedule(self) -> Schedule:
        """Check everything."""
        self.table.check_keys(_KEYS)
        for key in _NEEDED:
            if not isinstance(self.table.values.get(key), str):
                raise self.table.wrong(key, "is missing" if key not in self.table.values else "is no text")
        if not _NAME.fullmatch(self.table.values["name"]):
            raise self.table.wrong("name", "is to be of a-z, 0-9, - and _, at most 63 of them: it names a folder")
        if self.table.values["name"] == PINS:
            raise self.table.wrong(
                "name", "the folder of that name holds the snapshots that reports were made of; take another"
            )
        try:
            check_cron(self.table.values["cron"])
        except BadParameter as error:
            raise self.table.wrong("cron", error.problem) from error
        return Schedule(
            self.table.values["name"],
            self.table.values["report"],
            self.table.values["cron"],
            self._zone(),
            self._parameters(),
            self.table.recipients("to"),
            self.table.recipients("on_failure"),
            self._retries(),
        )

    def _zone(self) -> ZoneInfo:
        name = self.table.values.get("time_zone", self.settings.timezone)
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, TypeError, OSError):
            raise self.table.wrong("time_zone", f"{name!r} is no time zone; write one such as Europe/Berlin") from None

    def _parameters(self) -> dict[str, str]:
        given = self.table.values.get("parameters", {})
        if not isinstance(given, dict) or not all(isinstance(value, str | int) for value in given.values()):
            raise self.table.wrong("parameters", 'is no table of texts and numbers; write { days = "last_week" }')
        texts = {name: str(value) for name, value in given.items()}
        try:
            declared = declared_parameters(report_notebook(self.table.values["report"], self.notebooks))
            read_parameters(declared, texts, datetime.now(UTC).date())
        except BadParameter as error:
            raise self.table.wrong(
                "report" if error.parameter == "name" else f"parameters.{error.parameter}", error.problem
            ) from error
        return texts

    def _retries(self) -> int:
        retries = self.table.values.get("retries", 2)
        if not isinstance(retries, int) or isinstance(retries, bool) or not 0 <= retries <= MOST_RETRIES:
            raise self.table.wrong("retries", f"is not a number from 0 to {MOST_RETRIES}")
        return retries
