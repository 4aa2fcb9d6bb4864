"""How many of each cohort will have converted once all of it has had its time, and how often such forecasts were right."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from pixels.dimensions import Dimensions
from pixels.durations import CONVERSIONS, durations
from pixels.errors import BadParameter
from pixels.frailty import Hazard, outlook, weights_of_spreads
from pixels.funnel import one_of, parse_window
from pixels.period import Period
from pixels.rules import DAY, with_day
from pixels.time_to_convert import check_confidence

COHORTS = {"week": "1w", "month": "1mo"}
_MOST_LEARNT = 3_650
_COLUMNS: dict[str, Any] = {
    "cohort": pl.Date(),
    "people": pl.Int64(),
    "converted": pl.Int64(),
    "open": pl.Int64(),
    "expected": pl.Float64(),
    "lower": pl.Float64(),
    "upper": pl.Float64(),
    "mature": pl.Boolean(),
}


def check_question(conversion: object, by: object, within: object, confidence: object, learn: object) -> None:
    """Raise BadParameter for what is no conversion, no cohort, no length of time, no confidence or no number of days."""
    one_of("conversion", conversion, CONVERSIONS)
    one_of("by", by, tuple(COHORTS))
    parse_window(within, "within")
    check_confidence(confidence)
    if not isinstance(learn, int) or isinstance(learn, bool) or not 0 <= learn <= _MOST_LEARNT:
        raise BadParameter("learn", f"{learn!r} is not a whole number of days from 0 to {_MOST_LEARNT}")


def people_of_cohorts(
    dimensions: Dimensions, period: Period, conversion: str, by: str, learn: int, time_zone: str, until: datetime
) -> pl.DataFrame:
    """Return everybody who began on a day of the period, or of `learn` days before: cohort, and what `durations` says of them."""
    first = date.fromordinal(max(1, period.start.toordinal() - learn))
    people = durations(dimensions, Period(first, period.end), conversion, None, time_zone, until)
    days = with_day(people, time_zone, "began_at")
    return days.with_columns(cohort=pl.col(DAY).dt.truncate(COHORTS[by]))


def forecast(people: pl.DataFrame, period: Period, within: str, confidence: float, until: datetime) -> pl.DataFrame:
    """Return for the cohorts of the period how many convert within that time, as far as is known at `until`.

    In:  `people_of_cohorts`; those who began before the period are learnt from, and so is what is known of the others
    Out: one row a cohort, in order:
         cohort      its first day
         people      who began on a day of it and of the period, before `until`
         converted   of them, those who had converted by then, within the time
         open        who had not, and still had time for it
         expected    converted, and how many of the open ones are expected to: null when some are and nobody was followed for so long
         lower, upper    the limits of that number at `confidence`
         mature      whether the time of all of them was over, and expected is what came

    The method is that of `pixels.frailty`. It takes for granted that the hazard does not change from week to week but for how
    much cohorts have always differed.
    """
    horizon = parse_window(within, "within").total_seconds()
    known = _known_at(people, until, horizon)
    if known.is_empty() or float(known["followed"].max() or 0) < horizon:  # type: ignore[arg-type]
        return _unknown(known, period)
    seconds, converted = known["seconds"].to_numpy(), known["converted"].to_numpy()
    hazard = Hazard.of(seconds, converted)
    known = known.with_columns(hazard=pl.Series(hazard.summed_at(seconds), dtype=pl.Float64))
    sums = known.group_by("cohort").agg(pl.col("converted", "hazard").sum())
    weights = weights_of_spreads(sums["converted"].to_numpy().astype(np.float64), sums["hazard"].to_numpy())
    rows = [
        _row(cohort, of, hazard, horizon, weights, confidence)
        for (cohort,), of in _of_period(known, period).sort("cohort").group_by("cohort", maintain_order=True)
    ]
    return pl.DataFrame(rows, schema=_COLUMNS, orient="row")


def backtest(
    people: pl.DataFrame, period: Period, by: str, within: str, confidence: float, until: datetime, time_zone: str
) -> pl.DataFrame:
    """Return what would have been forecast at the end of each cohort's last day, beside what came of the same people.

    Out: one row a forecast of a cohort that was open then and is mature at `until`: as_of (the day at whose end it was made, the last
    of a cohort that is of the period), cohort,
    people, converted, open, expected, lower, upper, actual, held (whether actual is within the limits). Forecasts
    are made of the cohorts of the period from what was known then of all of them and of those before it.
    """
    made = [
        _with_actual(
            forecast(people, period, within, confidence, then), people, period, within, then, until
        ).with_columns(as_of=pl.lit(day))
        for day, then in _ends(people, period, by, time_zone, until)
    ]
    columns = ["as_of", *list(_COLUMNS)[:-1], "actual", "held"]
    empty = pl.DataFrame(schema={**_COLUMNS, "actual": pl.Int64(), "held": pl.Boolean(), "as_of": pl.Date()})
    return pl.concat([empty, *(one.select(empty.columns) for one in made)]).select(columns).sort("as_of", "cohort")


def end_of(day: date, time_zone: str) -> datetime:
    """Return the instant at which a local day is over."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(time_zone)).astimezone(UTC)


def _known_at(people: pl.DataFrame, until: datetime, horizon: float) -> pl.DataFrame:
    """Return what was known at an instant, within the horizon: cohort, event_date, seconds, converted; and how long ago it began."""
    followed = ((pl.lit(until) - pl.col("began_at")).dt.total_milliseconds() / 1000).alias("followed")
    began = people.with_columns(followed).filter(pl.col("followed") > 0)
    end = pl.min_horizontal("seconds", "followed", pl.lit(horizon))
    known = pl.col("converted") & (pl.col("seconds") < pl.col("followed")) & (pl.col("seconds") <= horizon)
    return began.select("cohort", DAY, "followed", seconds=end, converted=known)


def _of_period(known: pl.DataFrame, period: Period) -> pl.DataFrame:
    return known.filter(pl.col(DAY).is_between(period.start, period.end))


def _row(
    cohort: object, of: pl.DataFrame, hazard: Hazard, horizon: float, weights: Any, confidence: float
) -> tuple[object, ...]:
    came = int(of["converted"].sum())
    still = of.filter(~pl.col("converted") & (pl.col("followed") < horizon))
    to_come, relative = hazard.ahead(still["seconds"].to_numpy(), horizon)
    seen = outlook(came, float(of["hazard"].sum()), to_come, relative, weights, confidence)
    limits = float(came + seen.lower), float(came + seen.upper)
    return cohort, of.height, came, still.height, came + seen.expected, *limits, still.is_empty()


def _unknown(known: pl.DataFrame, period: Period) -> pl.DataFrame:
    """Return the cohorts without a forecast, nobody having been followed for as long as one would reach; what is over needs none."""
    counts = (
        _of_period(known, period)
        .group_by("cohort")
        .agg(
            people=pl.len(),
            converted=pl.col("converted").sum(),
            open=(~pl.col("converted")).sum(),
            mature=pl.col("converted").all(),
        )
        .with_columns(pl.when("mature").then("converted").alias(name) for name in ("expected", "lower", "upper"))
        .cast(dict.fromkeys(("expected", "lower", "upper"), pl.Float64))
    )
    return counts.match_to_schema(_COLUMNS, missing_columns="insert", integer_cast="upcast").sort("cohort")


def _ends(
    people: pl.DataFrame, period: Period, by: str, time_zone: str, until: datetime
) -> Iterator[tuple[date, datetime]]:
    """Yield the last day of each cohort that is of the period, and the instant at which it was over, if that was before `until`."""
    firsts = _of_period(people, period).select(pl.col("cohort").unique().sort())
    lasts = firsts.select(pl.col("cohort").dt.offset_by(COHORTS[by]).dt.offset_by("-1d"))["cohort"]
    for last in lasts.to_list():
        day = min(last, period.end)
        then = end_of(day, time_zone)
        if then < until:
            yield day, then


def _with_actual(
    made: pl.DataFrame, people: pl.DataFrame, period: Period, within: str, then: datetime, until: datetime
) -> pl.DataFrame:
    """Keep forecasts of cohorts that were open then and are mature now, and add what came of these people."""
    horizon = parse_window(within, "within").total_seconds()
    same = _of_period(_known_at(people.filter(pl.col("began_at") < then), until, horizon), period)
    came = same.group_by("cohort").agg(
        actual=pl.col("converted").sum().cast(pl.Int64),
        is_over=(pl.col("converted") | (pl.col("followed") >= horizon)).all(),
    )
    open_then = made.filter(~pl.col("mature") & pl.col("expected").is_not_null())
    beside = open_then.join(came.filter("is_over"), on="cohort")
    return beside.with_columns(held=pl.col("actual").is_between(pl.col("lower"), pl.col("upper")))
