"""When a schedule is due: cron expressions on the clock of a time zone, as Debian's cron takes them when clocks change.

A time that the clocks leap over is due right after the leap, and one that they show twice is due once, unless the
expression is of every hour or minute.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from pixels.errors import BadParameter

_FIELDS = 5


@dataclass(frozen=True)
class Due:
    """The latest instant at which a schedule was due and has not run."""

    at: datetime
    """In the schedule's time zone."""
    passed_over: int
    """Earlier ones that were missed and are not made up for."""


def check_cron(expression: str) -> None:
    """Raises BadParameter for what is no cron expression of five fields, or never comes."""
    if len(expression.split()) != _FIELDS:
        raise BadParameter("cron", f"{expression!r} has not five fields: minute hour day month weekday, as 0 7 * * MON")
    try:
        next(_instants(expression, datetime(2000, 1, 1, tzinfo=UTC)))
    except (ValueError, StopIteration) as error:
        raise BadParameter("cron", f"{expression!r}: {str(error) or 'it never comes'}") from error


def instants_after(expression: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Yield the instants after an aware one at which the expression is due, without end."""
    return _instants(expression, after.astimezone(zone))


def latest_due(expression: str, zone: ZoneInfo, after: datetime, now: datetime) -> Due | None:
    """Return the latest due instant after `after`, up to and with `now`; None when there is none."""
    found, number = None, 0
    for found in takewhile(lambda at: at <= now, instants_after(expression, zone, after)):  # noqa: B007 - the last is wanted
        number += 1
    return None if found is None else Due(found, number - 1)


def upcoming(expression: str, zone: ZoneInfo, now: datetime, number: int) -> list[datetime]:
    """Return the next instants."""
    return list(islice(instants_after(expression, zone, now), number))


def _instants(expression: str, after: datetime) -> Iterator[datetime]:
    from cronsim import CronSim, CronSimError

    try:
        yield from CronSim(expression, after)
    except CronSimError as error:
        raise ValueError(str(error).lower()) from error
