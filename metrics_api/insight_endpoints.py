"""The questions whose answers follow from figures by a method (docs/insight.md)."""

from __future__ import annotations

from metrics_api.asked import BANNERS, BY, DAYS, LENGTH_OF_TIME, days_and
from metrics_api.endpoint import Endpoint
from metrics_api.parameters import DIMENSION, Parameter, choice, whole_number
from pixels.what_if import RULES

_CONVERSION = Parameter(
    "conversion",
    choice("deposit", "registration"),
    "from the registration to the first deposit, or from the first visit to the registration",
    "deposit",
    default="deposit",
)
_FORECAST = (
    *DAYS,
    _CONVERSION,
    Parameter("by", choice("week", "month"), "cohorts of ISO weeks from Monday, or of months", "week", default="week"),
    Parameter("within", LENGTH_OF_TIME, "the time in which a conversion counts", "30d", default="30d"),
    Parameter("learn", whole_number(0, 3650), "how many days before the range are learnt from", 180, default=180),
)
_asked = days_and("conversion", "by", "within", "learn")

INSIGHTS: tuple[Endpoint, ...] = (
    Endpoint(
        "/api/time-to-convert",
        "How soon people convert",
        "Which share has converted by when, with limits (0.95), those counted too who began a moment ago.",
        (
            *DAYS,
            _CONVERSION,
            BY,
            Parameter("within", LENGTH_OF_TIME, "for how long, in the unit of the rows; 400 of them at most", "30d", default="30d"),
        ),
        lambda warehouse, asked: warehouse.time_to_convert(**days_and("conversion", "by", "within")(asked)),
        ("after_seconds", "people", "at_risk", "converted", "converted_share", "lower", "upper"),
    ),
    Endpoint(
        "/api/forecast",
        "How many will still convert",
        "Of each cohort, those included whose time is not over, with limits (0.9).",
        _FORECAST,
        lambda warehouse, asked: warehouse.forecast(**_asked(asked)),
        ("cohort", "people", "converted", "open", "expected", "lower", "upper", "mature"),
    ),
    Endpoint(
        "/api/forecast/backtest",
        "How often forecasts were right",
        "What would have been forecast at the end of each cohort's last day, beside what came; limits of 0.9.",
        _FORECAST,
        lambda warehouse, asked: warehouse.forecast_backtest(**_asked(asked)),
        ("as_of", "cohort", "people", "converted", "open", "expected", "lower", "upper", "actual", "held"),
    ),
    Endpoint(
        "/api/what-if",
        "Counts by another rule",
        "Worked out from the records, beside what counts; by the rule per_day, which is the one that holds, they are the same.",
        (
            Parameter(
                "rule", choice(*RULES), "what counts once: a player a day, every event, a player a day and banner, or a player ever",
                "per_event", required=True,
            ),
            *DAYS,
            BANNERS,
            Parameter("by", DIMENSION, "the dimension, one that the banner decides", "banner_tag", default="banner_tag"),
            Parameter("per", choice("day"), "with day one row for each day; without it one for all", "day"),
        ),
        lambda warehouse, asked: warehouse.what_if(asked["rule"], **days_and("banner", "by", "per")(asked)),
        ("event_type", "count", "what_if", "difference"),
        optional=("banner_tag", "event_date"),
    ),
)  # fmt: skip
