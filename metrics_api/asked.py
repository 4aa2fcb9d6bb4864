"""The parameters that several endpoints share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from metrics_api.parameters import DAY, TEXT, Parameter, Values, choice, whole_number

EVENT_TYPE = choice("visit", "registration", "deposit")
FROM = Parameter("from", DAY, "the first day, in the warehouse's time zone", "2026-11-01", required=True)
TO = Parameter("to", DAY, "the last day, itself included", "2026-11-21", required=True)
DAYS = (FROM, TO)
SINCE = Parameter("since", DAY, "the first day; without it from the beginning", "2026-11-01")
UNTIL = Parameter("until", DAY, "the last day; without it to the end", "2026-11-21")
BANNERS = Parameter("banner", TEXT, "banner tags, one each; without it all", "brandA", many=50)
BY_BANNER = Parameter("by", choice("banner_tag"), "one row for each banner; without it for all together", "banner_tag")
CREDIT = Parameter(
    "credit",
    choice("event", "registration"),
    "whose banner has the credit for deposits: the visit's or the registration's",
    "event",
    default="event",
)
ON = Parameter("on", DAY, "the day; without it the last one with data", "2026-11-21")
LAPSED_AFTER = Parameter(
    "lapsed_after", whole_number(1, 3650), "days without a deposit after which one has lapsed", 30, default=30
)


def days_and(*names: str) -> Callable[[Values], dict[str, Any]]:
    """Return what makes of the values asked for the arguments `start`, `end` and some others of a library function."""
    return lambda asked: {"start": asked["from"], "end": asked["to"], **{name: asked[name] for name in names}}
