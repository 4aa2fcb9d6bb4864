"""The collector's clock: UTC, cut to milliseconds, handed to whoever needs the time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def utc_now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)


def unix_milliseconds(instant: datetime) -> int:
    """Return whole milliseconds since 1970 (the rest is cut off), computed in integers so that no float rounds it."""
    return (instant - _EPOCH) // _MILLISECOND


def iso_milliseconds(instant: datetime) -> str:
    """Return `2026-11-22T16:00:00.123Z`, cut (not rounded) to milliseconds."""
    return f"{instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
