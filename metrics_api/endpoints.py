"""Every question that the API answers, each described once.

Requests are read, answered, written, documented (OpenAPI) and tested by this table, so that none of these can disagree.
"""

from __future__ import annotations

import polars as pl

from metrics_api import campaigns, trends
from metrics_api.asked import BANNERS, BY_BANNER, CREDIT, DAYS, EVENT_TYPE, LAPSED_AFTER, ON, days_and
from metrics_api.endpoint import Beside, Endpoint
from metrics_api.parameters import TEXT, Parameter, Values, choice, pattern, whole_number
from metrics_api.record_endpoints import RECORDS
from pixels import Warehouse

_MOST_STEPS = 10
_WINDOW = pattern(r"[1-9][0-9]{0,4}[dhm]", "is not a length of time; write for example 7d, 12h or 30m")
_FUNNEL = (
    Parameter(
        "window",
        _WINDOW,
        "time from the entry on, once for all steps, or once for each later step",
        "7d",
        default=("7d",),
        many=_MOST_STEPS - 1,
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
    BY_BANNER,
    Parameter(
        "steps",
        EVENT_TYPE,
        "the steps in their order",
        "visit",
        default=("visit", "registration", "deposit"),
        many=_MOST_STEPS,
    ),
)
_COUNTS = ("event_date", "event_type", "count")
_CONVERSIONS = (
    "visitors", "registrations", "registration_rate", "credited_registrations", "deposits", "deposit_rate", "immature",
)  # fmt: skip


def _funnel(warehouse: Warehouse, asked: Values) -> pl.DataFrame:
    window = asked["window"][0] if len(asked["window"]) == 1 else asked["window"]
    options = {name: asked[name] for name in ("order", "entrants", "by", "steps")}
    return warehouse.funnel(asked["from"], asked["to"], window=window, **options)


_DAYS, _BY = days_and(), days_and("by", "credit")

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "/api/metrics",
        "Daily counts",
        "Players counted, by day and event type. Days without an event have no row.",
        DAYS,
        lambda warehouse, asked: warehouse.metrics(**_DAYS(asked)),
        _COUNTS,
    ),
    Endpoint(
        "/api/summary",
        "Daily counts by banner",
        "Players counted, by day, event type and banner: their sums are those of /api/metrics.",
        (*DAYS, BANNERS),
        lambda warehouse, asked: warehouse.summary(**days_and("banner")(asked)),
        ("event_date", "event_type", "banner_tag", "count"),
    ),
    Endpoint(
        "/api/banners",
        "Sums by banner",
        "Daily counts summed over the days, the most deposits first.",
        DAYS,
        lambda warehouse, asked: warehouse.banners(**_DAYS(asked)),
        ("banner_tag", "visits", "registrations", "deposits"),
    ),
    Endpoint(
        "/api/kpis",
        "Key figures",
        "The figures of the range in one row.",
        DAYS,
        lambda warehouse, asked: warehouse.kpis(**_DAYS(asked)),
        (
            "daily_unique_visitors", "unique_visitors", "registrations", "ftd", "ndc",
            "first_deposits_without_registration", "deposit_days", "deposit_transactions",
        ),
    ),
    Endpoint(
        "/api/money",
        "Money",
        "What deposits were worth, one row a currency: signed amounts apart from what anybody could have sent.",
        (*DAYS, BANNERS),
        lambda warehouse, asked: warehouse.money(**days_and("banner")(asked)),
        (
            "currency", "transactions", "amount", "signed_transactions", "signed_amount", "signed_share",
            "unverified_transactions", "unverified_amount",
        ),
    ),
    Endpoint(
        "/api/trends/{type}",
        "One event type, day by day",
        f"A row for every day, 0 where nothing was counted; {trends.MOST_DAYS:,} days at most.",
        (Parameter("type", EVENT_TYPE, "the event type", "visit", required=True, in_path=True), *DAYS),
        lambda warehouse, asked: trends.trend(warehouse, asked["type"], asked["from"], asked["to"]),
        _COUNTS,
    ),
    Endpoint(
        "/api/campaigns/{banner}",
        "One banner",
        "Its daily counts, their sums, and how its new visitors converted. 404 when nothing was ever received for it.",
        (Parameter("banner", TEXT, "the banner tag", "brandA", required=True, in_path=True), *DAYS, CREDIT),
        lambda warehouse, asked: campaigns.daily(warehouse, asked["banner"], asked["from"], asked["to"]),
        _COUNTS,
        beside={
            "totals": Beside(
                ("visits", "registrations", "deposits"),
                lambda warehouse, asked: campaigns.totals(warehouse, asked["banner"], asked["from"], asked["to"]),
            ),
            "conversions": Beside(
                _CONVERSIONS,
                lambda warehouse, asked: campaigns.conversions(
                    warehouse, asked["banner"], asked["from"], asked["to"], asked["credit"]
                ),
            ),
        },
    ),
    Endpoint(
        "/api/conversion-rates",
        "Conversions",
        "Of the new visitors of the range, how many registered within 7 days, and how many of those deposited.",
        (*DAYS, BY_BANNER, CREDIT),
        lambda warehouse, asked: warehouse.conversions(**_BY(asked)),
        _CONVERSIONS,
    ),
    Endpoint(
        "/api/funnel",
        "Funnel",
        "Of the people who took the first step in the range, how many took the next ones in time.",
        (*DAYS, *_FUNNEL),
        _funnel,
        (
            "step", "event_type", "players", "entered", "rate", "mature_players", "mature_entered", "mature_rate",
            "immature", "p25_seconds_from_entry", "median_seconds_from_entry", "p75_seconds_from_entry",
            "p90_seconds_from_entry",
        ),
    ),
    Endpoint(
        "/api/cohorts",
        "Cohorts",
        "Of the players who registered in each week or month, how many made a first and a repeated deposit by when.",
        (
            *DAYS,
            Parameter("by", choice("week", "month"), "ISO weeks from Monday, or months", "week", default="week"),
            Parameter("periods", whole_number(1, 600), "rows a cohort at most", 12, default=12),
        ),
        lambda warehouse, asked: warehouse.cohorts(**days_and("by", "periods")(asked)),
        (
            "cohort", "offset", "players", "deposited_before", "first_depositors", "first_deposit_rate",
            "repeat_depositors", "repeat_deposit_rate", "active_depositors", "active_rate", "mature",
        ),
    ),
    Endpoint(
        "/api/segments",
        "Segments",
        "Where people stood at the end of a day: visitor, registered, depositor or lapsed.",
        (
            ON,
            LAPSED_AFTER,
        ),
        lambda warehouse, asked: warehouse.segments(asked["on"], asked["lapsed_after"]),
        ("segment", "people", "everybody", "share"),
    ),
    Endpoint(
        "/api/accounting",
        "What became of all that was received",
        "By day, type and banner: why somebody else's log shows another number.",
        (*DAYS, Parameter("type", EVENT_TYPE, "one event type; without it all", "visit"), BANNERS),
        lambda warehouse, asked: warehouse.accounting(**days_and("type", "banner")(asked)),
        (
            "event_date", "event_type", "banner_tag", "received", "counted", "same_player_again",
            "credited_to_another_banner", "same_event_again", "bots",
        ),
    ),
    Endpoint(
        "/api/refused",
        "What was refused",
        "By day of receipt and reason, for whatever type and banner.",
        DAYS,
        lambda warehouse, asked: warehouse.refused(**_DAYS(asked)),
        ("event_date", "reason", "count"),
    ),
    *RECORDS,
)  # fmt: skip
