"""When an event of history happened, as files write it: with an offset, or in a time zone that somebody names."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from collector.contract import InvalidEvent
from collector.parameters import shown

WITH_OFFSET = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})", re.ASCII)
"""The form that records of the log have; databases and spreadsheets write others as well."""

_WRITTEN = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?) ?(Z|UTC|[+-]\d{2}(?::?\d{2})?)?",
    re.ASCII | re.IGNORECASE,
)


def past_instant(written: Any, time_zone: ZoneInfo | None) -> datetime:
    """Return the instant that a text such as `2026-11-22 16:00:00.123+01` names.

    One without an offset is local time in `time_zone`: of the two that an hour set back makes it is the first. Raises
    `InvalidEvent` (`bad_created_at`) for what is none, for a time that an hour set forward left out, and for one
    without an offset when there is no time zone.
    """
    if written is None:
        raise InvalidEvent("bad_created_at", "created_at is missing: history has its own time")
    match = _WRITTEN.fullmatch(str(written).strip())
    if match is None:
        raise InvalidEvent("bad_created_at", f"{shown(str(written))} is not an instant such as 2026-11-22T16:00:00Z")
    day, time, offset = match.groups()
    if offset is None and time_zone is None:
        raise InvalidEvent("bad_created_at", f"{shown(str(written))} has no offset; say its zone with --time-zone")
    try:
        if offset is not None:
            offset = "+00:00" if offset.upper() in {"Z", "UTC"} else offset
            return datetime.fromisoformat(f"{day}T{time}{offset}").astimezone(UTC)
        local = datetime.fromisoformat(f"{day}T{time}")
        instant = local.replace(tzinfo=time_zone).astimezone(UTC)
        if instant.astimezone(time_zone).replace(tzinfo=None) == local:
            return instant
    except (ValueError, OverflowError):  # the 30th of February; the first hour of the year 1, further east
        raise InvalidEvent("bad_created_at", f"{shown(str(written))} is not an instant there can be") from None
    raise InvalidEvent("bad_created_at", f"{shown(str(written))} was left out in {time_zone}: clocks went forward")
