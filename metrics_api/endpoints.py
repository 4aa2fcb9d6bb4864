"""Every question that the API answers, each described once.

Requests are read, answered, written, documented (OpenAPI) and tested by this table, so that none of these can disagree.
"""

from __future__ import annotations

from dataclasses import asdict

import polars as pl

from metrics_api import campaigns, trends
from metrics_api.asked import (
    BANNERS,
    BY,
    BY_TAG,
    CREDIT,
    DAYS,
    EVENT_TYPE,
    FUNNEL,
    LAPSED_AFTER,
    ON,
    PER,
    PER_DAY,
    days_and,
    funnel_options,
)
from metrics_api.endpoint import Beside, Endpoint
from metrics_api.insight_endpoints import INSIGHTS
from metrics_api.parameters import SHARE, TEXT, YES_OR_NO, Parameter, Values, choice, whole_number
from metrics_api.record_endpoints import RECORDS
from pixels import Warehouse
from pixels.anomalies.figures import FALSE_DISCOVERIES
from pixels.banner_verdict import cautions, conclusion
from pixels.compared_banners import MEASURES
from pixels.runs import MOST as MOST_RUNS
from pixels.runs import Provenance

_COUNTS = ("event_date", "event_type", "count")
_CONVERSIONS = (
    "visitors", "registrations", "registration_rate", "credited_registrations", "deposits", "deposit_rate", "immature",
)  # fmt: skip

_RUN = (
    "run_id", "kind", "started_at", "finished_at", "complete_until", "records_read", "events_stored", "events_counted",
    "records_repeated", "records_rejected", "bots_set_aside", "figures_changed", "code_version",
)  # fmt: skip


def _funnel(warehouse: Warehouse, asked: Values) -> pl.DataFrame:
    return warehouse.funnel(asked["from"], asked["to"], by=asked["by"], **funnel_options(asked))


def _verdict(warehouse: Warehouse, asked: Values) -> pl.DataFrame:
    frame = warehouse.compare_banners(**days_and("by", "measure", "credit")(asked))
    told = {"conclusion": conclusion(frame, asked["measure"]), "cautions": " ".join(cautions(frame, asked["measure"]))}
    return pl.DataFrame([told])


def _provenance(warehouse: Warehouse, asked: Values) -> pl.DataFrame:
    return pl.DataFrame([asdict(warehouse.provenance())])


_DAYS, _BY = days_and(), days_and("by", "credit")

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "/api/metrics",
        "Daily counts",
        "Players counted, by day and event type. Days without an event have no row.",
        (*DAYS, PER),
        lambda warehouse, asked: warehouse.metrics(**days_and("per")(asked)),
        _COUNTS,
        optional=("partial",),
    ),
    Endpoint(
        "/api/summary",
        "Daily counts by banner",
        "Players counted, by day, event type and banner: their sums are those of /api/metrics.",
        (*DAYS, BANNERS, BY_TAG, PER),
        lambda warehouse, asked: warehouse.summary(**days_and("banner", "by", "per")(asked)),
        _COUNTS,
        optional=("banner_tag", "partial"),
    ),
    Endpoint(
        "/api/hours",
        "Hours of the day",
        "First visit, registration and deposit of the day, by hour of the local clock; 366 days at most.",
        DAYS,
        lambda warehouse, asked: warehouse.hours(**_DAYS(asked)),
        ("event_date", "hour", "starts_at", "event_type", "count", "partial"),
    ),
    Endpoint(
        "/api/banners",
        "Sums by banner",
        "Daily counts summed over the days, the most deposits first.",
        (*DAYS, BY_TAG),
        lambda warehouse, asked: warehouse.banners(**days_and("by")(asked)),
        ("visits", "registrations", "deposits"),
        optional=("banner_tag",),
    ),
    Endpoint(
        "/api/kpis",
        "Key figures",
        "The figures of the range in one row, or one for each value of a dimension.",
        (*DAYS, BY, CREDIT),
        lambda warehouse, asked: warehouse.kpis(**_BY(asked)),
        (
            "daily_unique_visitors", "unique_visitors", "registrations", "ftd", "ndc",
            "first_deposits_without_registration", "deposit_days", "deposit_transactions",
        ),
    ),
    Endpoint(
        "/api/compare",
        "Key figures beside those of earlier days",
        "Of days that are over; null where there is nothing fair to compare with.",
        (
            *DAYS,
            Parameter(
                "against", choice("previous", "weekday"), "the days just before, or the same days of the week", "previous",
                default="previous",
            ),
        ),
        lambda warehouse, asked: warehouse.compare(**days_and("against")(asked)),
        ("figure", "now", "before", "change", "start", "end", "before_start", "before_end"),
    ),
    Endpoint(
        "/api/today",
        "The day that goes on",
        "Beside the same day a week earlier, up to the same local time.",
        (),
        lambda warehouse, _: warehouse.today(),
        ("event_date", "until", "event_type", "count", "before_date", "before_until", "before", "change"),
    ),
    Endpoint(
        "/api/costs",
        "Costs",
        "What banners cost, and what each registration and FTD of the range cost by that.",
        (*DAYS, BY_TAG, CREDIT),
        lambda warehouse, asked: warehouse.costs(**_BY(asked)),
        (
            "cost", "banners", "registrations", "cost_per_registration", "ftd", "cost_per_ftd", "banners_without_cost",
        ),
        optional=("banner_tag",),
    ),
    Endpoint(
        "/api/money",
        "Money",
        "What deposits were worth, one row a currency: signed amounts apart from what anybody could have sent.",
        (*DAYS, BANNERS, BY, PER_DAY),
        lambda warehouse, asked: warehouse.money(**days_and("banner", "by", "per")(asked)),
        (
            "currency", "transactions", "amount", "signed_transactions", "signed_amount", "signed_share",
            "unverified_transactions", "unverified_amount",
        ),
        optional=("event_date",),
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
        (*DAYS, BY, CREDIT, PER_DAY),
        lambda warehouse, asked: warehouse.conversions(**days_and("by", "credit", "per")(asked)),
        _CONVERSIONS,
        optional=("entry_date",),
    ),
    Endpoint(
        "/api/compare-banners",
        "Banners compared",
        "Which banner has the better rate, how sure that is, and in words what can be concluded and what cannot.",
        (
            *DAYS,
            BY_TAG,
            Parameter("measure", choice(*MEASURES), "visit to registration, or registration to first deposit", "deposit_rate", default="registration_rate"),
            CREDIT,
        ),
        lambda warehouse, asked: warehouse.compare_banners(**days_and("by", "measure", "credit")(asked)),
        (
            "entries", "converted", "rate", "rate_lower", "rate_upper", "expected_rate", "expected_lower", "expected_upper",
            "shrinkage", "probability_best", "expected_loss", "few", "immature",
        ),
        optional=("banner_tag",),
        beside={"verdict": Beside(("conclusion", "cautions"), _verdict)},
    ),
    Endpoint(
        "/api/funnel",
        "Funnel",
        "Of the people who took the first step in the range, how many took the next ones in time.",
        (*DAYS, *FUNNEL, BY),
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
        "/api/anomalies",
        "Anomalies",
        "Days on which a figure, of all together or of one value, was not what the days before let expect.",
        (
            *DAYS,
            BY_TAG,
            Parameter("everything", YES_OR_NO, "also the days on which nothing stands out", False, default=False),
            Parameter("rates", YES_OR_NO, "registration_rate and deposit_rate too; counts alone are quicker", True, default=True),
            Parameter(
                "false_discoveries", SHARE, "of what stands out on a day, the share that does so by chance", FALSE_DISCOVERIES, default=FALSE_DISCOVERIES
            ),
        ),
        lambda warehouse, asked: warehouse.anomalies(**days_and("by", "everything", "rates", "false_discoveries")(asked)),
        (
            "event_date", "measure", "is_total", "value", "expected", "lower", "upper", "score", "p_value", "is_anomaly",
            "explained_by", "explained_change", "kind",
        ),
        optional=("banner_tag",),
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
        "/api/runs",
        "How the figures came about",
        "The newest runs that wrote to the warehouse, the newest first; beside them what the warehouse is.",
        (Parameter("number", whole_number(1, MOST_RUNS), "how many runs", 10, default=50),),
        lambda warehouse, asked: warehouse.runs(asked["number"]),
        _RUN,
        beside={"provenance": Beside(tuple(Provenance.__dataclass_fields__), _provenance)},
    ),
    Endpoint(
        "/api/refused",
        "What was refused",
        "By day of receipt and reason, for whatever type and banner.",
        DAYS,
        lambda warehouse, asked: warehouse.refused(**_DAYS(asked)),
        ("event_date", "reason", "count"),
    ),
    *INSIGHTS,
    *RECORDS,
)  # fmt: skip
