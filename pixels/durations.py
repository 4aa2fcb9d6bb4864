"""How long it took people to convert, or how long they have been followed without: what survival analysis starts from."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from pixels import funnel
from pixels.dimensions import Dimensions, EventColumns
from pixels.kpis import with_milestones
from pixels.period import Period
from pixels.rules import INSTANT

CONVERSIONS = ("deposit", "registration")
_REGISTRATION = EventColumns("registration_banner", "registration_id", "registration_at")
_EVER = "36500d"


def durations(
    dimensions: Dimensions, period: Period, conversion: str, by: str | None, time_zone: str, until: datetime
) -> pl.DataFrame:
    """Return one row for everybody who began on a day of the period and before `until`.

    "deposit"           players, from their first registration to their first deposit. Who deposited before registering is
                        left out, as in the cohorts
    "registration"      people as in the funnel, from their first visit of the period to the first registration after it. Who
                        had registered before is left out

    began_at    instant of the registration or visit
    seconds     (Float64) from then to the conversion, or to `until` for who has not converted by then
    converted   whether it is the first
    [by]        the dimension of the event that they began with
    """
    known = _to_deposit if conversion == "deposit" else _to_registration
    began = known(dimensions, period, by, time_zone, until).filter(pl.col("began_at") < until)
    at = pl.col("converted_at")
    followed = began.with_columns(converted_at=pl.when(at < until).then(at))
    end = pl.col("converted_at").fill_null(pl.lit(until).cast(INSTANT))
    return followed.select(
        "began_at",
        ((end - pl.col("began_at")).dt.total_milliseconds() / 1000).alias("seconds"),
        pl.col("converted_at").is_not_null().alias("converted"),
        *([] if by is None else [by]),
    )


def _to_deposit(
    dimensions: Dimensions, period: Period, by: str | None, time_zone: str, until: datetime
) -> pl.DataFrame:
    identified = dimensions.needs_events(by)
    firsts = dimensions.snapshot.query("milestone_events", start=period.start, end=period.end, identified=identified)
    registered = with_milestones(firsts, period, time_zone).filter("registered")
    players = registered.filter(pl.col("after_registration") | pl.col("deposit_at").is_null())
    valued = players if by is None else dimensions.add(players, by, _REGISTRATION)
    return _instants(valued, "registration_at", "deposit_at", by)


def _to_registration(
    dimensions: Dimensions, period: Period, by: str | None, time_zone: str, until: datetime
) -> pl.DataFrame:
    question = funnel.ask(("visit", "registration"), _EVER, "ordered", "new")
    people = funnel.people(dimensions, period, question, until, by)
    return _instants(people, "step_1", "step_2", by)


def _instants(people: pl.DataFrame, began: str, converted: str, by: str | None) -> pl.DataFrame:
    instants = pl.col(began).cast(INSTANT).alias("began_at"), pl.col(converted).cast(INSTANT).alias("converted_at")
    return people.select(*instants, *([] if by is None else [pl.col(by)]))
