"""The collector's clock: UTC, cut to milliseconds, handed to whoever needs the time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

Clock = Callable[[], datetime]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS_OF_A_DAY = 86_400


def utc_now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)


def unix_milliseconds(instant: datetime) -> int:
    """Return whole milliseconds since 1970 (the rest is cut off), computed in integers so that no float rounds it."""
    since = instant - _EPOCH
    return (since.days * _SECONDS_OF_A_DAY + since.seconds) * 1000 + since.microseconds // 1000


def iso_milliseconds(instant: datetime) -> str:
    """Return `2026-11-22T16:00:00.123Z`, cut (not rounded) to milliseconds."""
    since = instant - _EPOCH
    return f"{_iso_second(since.days, since.seconds)}.{since.microseconds // 1000:03}Z"


@lru_cache(maxsize=16)  # nearly all instants lie in the present second
def _iso_second(days: int, seconds: int) -> str:
    return (_EPOCH + timedelta(days, seconds)).replace(tzinfo=None).isoformat()
