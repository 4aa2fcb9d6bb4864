"""A range of calendar days, both ends included."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from pixels.errors import BadParameter

Day = str | date
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Period:
    """Days from `start` to `end`, both included, in the warehouse's time zone."""

    start: date
    end: date

    @property
    def number_of_days(self) -> int:
        """How many days that is."""
        return (self.end - self.start).days + 1


def parse_day(parameter: str, value: object) -> date:
    """Read a day: a date, or text such as 2026-11-22. Raises BadParameter that names `parameter`."""
    if isinstance(value, datetime):
        raise BadParameter(parameter, f"{value!r} is an instant; give a day, for example {value.date().isoformat()!r}")
    if isinstance(value, date):
        return value
    if isinstance(value, str) and _ISO_DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise BadParameter(parameter, f"{value!r} is not a day of the calendar") from None
    raise BadParameter(parameter, f"{value!r} is not a day; write it as 2026-11-22")


def parse_period(start: object, end: object, names: tuple[str, str] = ("start", "end")) -> Period:
    """Read both ends; `names` are what the caller calls them. Raises BadParameter, also when the end is first."""
    first, last = parse_day(names[0], start), parse_day(names[1], end)
    if last < first:
        raise BadParameter(names[1], f"{last.isoformat()} is before {names[0]} {first.isoformat()}")
    return Period(first, last)
