"""The schedules as a list: how the last run of each went, and what comes next."""

from __future__ import annotations

from datetime import UTC, datetime
from heapq import merge
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from pixels.config import Settings
from pixels.reports.due import instants_after, upcoming
from pixels.reports.ledger import Entry, Ledger
from pixels.reports.record import FAILED
from pixels.reports.schedules import read_schedules

Row = dict[str, str | None]


def listed_schedules(settings: Settings, now: datetime | None = None) -> list[Row]:
    """Return a row a schedule: name, report, cron, time_zone, last_due, last_status, next. Instants are on the schedule's clock.

    Raises ConfigurationError, PixelsError.
    """
    now = now or datetime.now(UTC)
    entries = Ledger.read(settings.reports_dir).entries
    return [
        {
            "name": schedule.name,
            "report": schedule.report,
            "cron": schedule.cron,
            "time_zone": schedule.zone.key,
            "last_due": _last_due(entries.get(schedule.name), schedule.zone),
            "last_status": _status(entries.get(schedule.name)),
            "next": _text(upcoming(schedule.cron, schedule.zone, now, 1)[0]),
        }
        for schedule in read_schedules(settings)
    ]


def coming_runs(settings: Settings, number: int, now: datetime | None = None) -> list[Row]:
    """Return the next runs of all schedules in the order of time: at, time_zone, name, report. Raises ConfigurationError."""
    now = now or datetime.now(UTC)
    lines: list[Any] = [
        ((at.astimezone(UTC), place, at, schedule) for at in instants_after(schedule.cron, schedule.zone, now))
        for place, schedule in enumerate(read_schedules(settings))
    ]
    return [
        {"at": _text(at), "time_zone": schedule.zone.key, "name": schedule.name, "report": schedule.report}
        for _, _, at, schedule in islice(merge(*lines, key=lambda line: line[:2]), number)
    ]


def _last_due(entry: Entry | None, zone: ZoneInfo) -> str | None:
    return _text(datetime.fromisoformat(entry.running).astimezone(zone)) if entry and entry.running else None


def _status(entry: Entry | None) -> str | None:
    """Return how the last run went: ok, failed, broken off, or that it is not delivered to all yet."""
    if entry is None or entry.running is None:
        return None
    if entry.status is None:
        return "broken off"
    status = "failed" if entry.status == FAILED else "ok"
    return status if entry.is_delivered else f"{status}, not delivered"


def _text(at: datetime) -> str:
    return at.isoformat(sep=" ", timespec="minutes")
