"""The parameters that several endpoints share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from metrics_api.parameters import DAY, DIMENSION, TEXT, Parameter, Values, choice, pattern, whole_number

EVENT_TYPE = choice("visit", "registration", "deposit")
FROM = Parameter("from", DAY, "the first day, in the warehouse's time zone", "2026-11-01", required=True)
TO = Parameter("to", DAY, "the last day, itself included", "2026-11-21", required=True)
DAYS = (FROM, TO)
SINCE = Parameter("since", DAY, "the first day; without it from the beginning", "2026-11-01")
UNTIL = Parameter("until", DAY, "the last day; without it to the end", "2026-11-21")
BANNERS = Parameter("banner", TEXT, "banner tags, one each; without it all", "brandA", many=50)
_DIMENSIONS = "banner_tag, affiliate, campaign, name, a part of the tag (PIXELS_TAG_PATTERN), or for keys of the scope analyst metadata.KEY"
BY = Parameter(
    "by", DIMENSION, f"one row for each value of a dimension: {_DIMENSIONS}; without it one for all", "banner_tag"
)
BY_TAG = Parameter("by", DIMENSION, f"the dimension: {_DIMENSIONS}", "banner_tag", default="banner_tag")
PER = Parameter(
    "per",
    choice("day", "week", "month"),
    "whether daily counts are summed over ISO weeks or months",
    "day",
    default="day",
)
PER_DAY = Parameter("per", choice("day"), "one row for each day too; without it one for the range", "day")
CREDIT = Parameter(
    "credit",
    choice("event", "registration"),
    "what has the credit for deposits: the event (of conversions the visit, else the deposit), or the registration",
    "event",
    default="event",
)
ON = Parameter("on", DAY, "the day; without it the last one with data", "2026-11-21")
LAPSED_AFTER = Parameter(
    "lapsed_after", whole_number(1, 3650), "days without a deposit after which one has lapsed", 30, default=30
)

MOST_STEPS = 10
LENGTH_OF_TIME = pattern(r"[1-9][0-9]{0,4}[dhm]", "is not a length of time; write for example 7d, 12h or 30m")
FUNNEL = (
    Parameter(
        "window",
        LENGTH_OF_TIME,
        "time from the entry on, once for all steps, or once for each later step",
        "7d",
        default=("7d",),
        many=MOST_STEPS - 1,
    ),
    Parameter(
        "order",
        choice("ordered", "strict", "any"),
        "whether other steps may come between (ordered), may not (strict), or the later steps come in any order",
        "ordered",
        default="ordered",
    ),
    Parameter(
        "entrants", choice("all", "new"), "all, or without those who had registered before", "all", default="all"
    ),
    Parameter(
        "steps",
        EVENT_TYPE,
        "the steps in their order",
        "visit",
        default=("visit", "registration", "deposit"),
        many=MOST_STEPS,
    ),
)


def days_and(*names: str) -> Callable[[Values], dict[str, Any]]:
    """Return what makes of the values asked for the arguments `start`, `end` and some others of a library function."""
    return lambda asked: {"start": asked["from"], "end": asked["to"], **{name: asked[name] for name in names}}


def funnel_options(asked: Values) -> dict[str, Any]:
    """Return what the parameters FUNNEL are called in the library; one window is that of all steps."""
    window = asked["window"][0] if len(asked["window"]) == 1 else asked["window"]
    return {"window": window, **{name: asked[name] for name in ("order", "entrants", "steps")}}
