"""`wh.anomalies`: days on which a figure, of all banners or of one, was not what the days before let expect."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

import numpy as np
import polars as pl

from pixels.anomalies.baseline import Numbers
from pixels.anomalies.chance import Verdict, beyond_chance, judge_counts, judge_rates
from pixels.anomalies.counts import usual_counts, usual_rates
from pixels.errors import BadParameter
from pixels.period import Period

COUNTS = ("daily_unique_visitors", "registrations", "ftd")
RATES = {"registration_rate": ("registrations", "visitors"), "deposit_rate": ("deposits", "credited_registrations")}
MEASURES = (*COUNTS, *RATES)
"""What is watched: three counts of each day, and two shares of those who entered in the 7 days up to each day."""
WEEK = 7
DAYS_NEEDED = 14
"""Days of a series before anything can be said of it."""
HISTORY = timedelta(days=84)
"""Days before the first one asked for that are looked at."""
MOST_SERIES = 2_000
LEVEL = 0.001
"""Chance alone puts this share of days outside of the limits."""
FALSE_DISCOVERIES = 0.01
"""Of the series that stand out on a day, no more than this share by chance, on average."""


@dataclass(frozen=True)
class Watched:
    """The series of one measure: that of all values of the dimension together first, then one a value."""

    measure: str
    days: tuple[date, ...]
    names: tuple[str | None, ...]
    """The values of the dimension."""
    value: Numbers
    """Counts, or shares from 0 to 1; series by days."""
    verdict: Verdict
    beyond: Numbers
    """What came, of a share what succeeded, less what was expected."""


def check_rate(rate: float) -> float:
    """Return a false discovery rate. Raises BadParameter for what is none."""
    if not isinstance(rate, int | float) or isinstance(rate, bool) or not 0 < rate <= 0.5:
        raise BadParameter(
            "false_discoveries", f"{rate!r} is not a share between 0 and 0.5, such as {FALSE_DISCOVERIES}"
        )
    return float(rate)


def check_number_of_series(daily: pl.DataFrame, by: str) -> None:
    """Raise BadParameter for a dimension of which there are too many values to weigh each."""
    values = daily[by].n_unique()
    if values > MOST_SERIES:
        raise BadParameter(
            "by",
            f"{by} has {values:,} values in these days, and at most {MOST_SERIES:,} are weighed; choose a coarser one",
        )


def history(period: Period, first: date | None, running: date) -> Period:
    """Return the days to look at: from `HISTORY` before the period, or the first day with data, to its last day that is over."""
    end = min(period.end, running - timedelta(days=1))
    start = (
        period.start
        if first is None
        else max(first, period.start - HISTORY if period.start - first > HISTORY else first)
    )
    return Period(min(start, end), end)


def anomalies(
    daily: pl.DataFrame,
    entries: pl.DataFrame | None,
    by: str,
    period: Period,
    history: Period,
    mature: date,
    rate: float,
) -> pl.DataFrame:
    """Return a row a day, measure and series, as `FigureQuestions.anomalies` says, in this order, all series together first.

    daily    `wh.daily(..., by=by)` of the history: event_date, by, and `COUNTS`
    entries  `wh.conversions(..., by=by, per="day")`: entry_date, by, and what `RATES` are made of; None: counts alone are wanted
    mature   the last day whose entries have had their 7 days; later ones are not known yet
    """
    check_number_of_series(daily, by)
    names = tuple(
        sorted(
            {*daily[by].to_list(), *([] if entries is None else entries[by].to_list())},
            key=lambda name: (name is None, name or ""),
        )
    )
    days = tuple(history.start + timedelta(days=day) for day in range(history.number_of_days))
    first = min(max(0, (period.start - history.start).days), len(days))
    counts = list(_counts(daily, by, names, days, first))
    rates = [] if entries is None else list(_rates(entries, by, names, days, first, mature))
    watched = [*counts, *rates]
    stands_out = [*_beyond_chance(counts, rate), *(_beyond_chance(rates, rate) if rates else [])]
    frames = [_rows(one, out, by) for one, out in zip(watched, stands_out, strict=True)]
    order = pl.Enum(MEASURES)
    found = pl.concat(frames).with_columns(pl.col("measure").cast(order))
    return found.sort("event_date", "measure", pl.col("is_total").not_(), by, nulls_last=True).with_columns(
        pl.col("measure").cast(pl.String)
    )


def _counts(
    daily: pl.DataFrame, by: str, names: tuple[str | None, ...], days: tuple[date, ...], first: int
) -> Iterable[Watched]:
    """Yield the counts of the days from the `first` of the history on, weighed by all of them."""
    for measure in COUNTS:
        counts = _begun(_with_total(_table(daily, "event_date", by, measure, names, days)))
        usual = usual_counts(counts, WEEK).since(first)
        counts = counts[:, first:]
        verdict = judge_counts(counts, usual.mean, usual.dispersion, usual.errors, LEVEL)
        yield Watched(measure, days[first:], names, counts, verdict, counts - usual.mean)


def _rates(
    entries: pl.DataFrame, by: str, names: tuple[str | None, ...], days: tuple[date, ...], first: int, mature: date
) -> Iterable[Watched]:
    """Yield the rates of the days from the `first` of the history on, weighed by all of them."""
    later = np.array([day > mature for day in days])
    for measure, columns in RATES.items():
        succeeded, tried = (_with_total(_table(entries, "entry_date", by, each, names, days)) for each in columns)
        tried = _begun(tried)
        rates = usual_rates(succeeded, tried, WEEK)
        for each in (rates.successes, rates.tries, rates.usual.mean):
            each[:, later] = np.nan
        usual, successes, tries = rates.usual.since(first), rates.successes[:, first:], rates.tries[:, first:]
        verdict = judge_rates(successes, tries, usual.mean, usual.dispersion, LEVEL)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(tries > 0, successes / tries, np.nan)
        yield Watched(measure, days[first:], names, share, verdict, successes - tries * usual.mean)


def _table(
    frame: pl.DataFrame, day: str, by: str, column: str, names: tuple[str | None, ...], days: tuple[date, ...]
) -> Numbers:
    """Return the counts of a column as an array of names by days, 0 where there is no row."""
    place = {name: index for index, name in enumerate(names)}
    table = np.zeros((len(names), len(days)))
    rows = np.fromiter((place[name] for name in frame[by].to_list()), int, frame.height)
    columns = (frame[day] - days[0]).dt.total_days().to_numpy()
    within = (columns >= 0) & (columns < len(days))
    np.add.at(table, (rows[within], columns[within]), frame[column].fill_null(0).to_numpy()[within])
    return table


def _with_total(table: Numbers) -> Numbers:
    return np.vstack([table.sum(axis=0), table])


def _begun(table: Numbers) -> Numbers:
    """Return the counts, not known before the first of each series: nobody knows whether there was a banner."""
    has_begun = np.cumsum(table, axis=1) > 0
    return np.where(has_begun, table, np.nan)


def _beyond_chance(watched: list[Watched], rate: float) -> list[Numbers]:
    """Say of each series whether it stands out on each day: all series and measures of a day are one family.

    Counts are one and rates another, so that who asks for counts alone sees the same days as who asks for all.
    """
    p_values = np.stack([one.verdict.p_value for one in watched])
    found = np.zeros(p_values.shape, bool)
    for day in range(p_values.shape[2]):
        found[:, :, day] = beyond_chance(p_values[:, :, day], rate)
    return list(found)


def _rows(one: Watched, stands_out: Numbers, by: str) -> pl.DataFrame:
    """Return the rows of a measure: every series on every day on which something was known of it."""
    series, days = one.value.shape
    flat = {
        "value": one.value,
        "expected": one.verdict.expected,
        "lower": one.verdict.lower,
        "upper": one.verdict.upper,
        "score": one.verdict.score,
        "p_value": one.verdict.p_value,
        "is_anomaly": stands_out,
    }
    part, change = _explained(one)
    frame = pl.DataFrame(
        {
            "event_date": pl.Series(list(one.days) * series, dtype=pl.Date),
            "measure": pl.Series([one.measure] * (series * days), dtype=pl.String),
            "is_total": np.repeat(np.arange(series) == 0, days),
            by: pl.Series([name for name in (None, *one.names) for _ in range(days)], dtype=pl.String),
            **{name: np.ascontiguousarray(values).ravel() for name, values in flat.items()},
            "explained_by": pl.Series([*part, *[None] * ((series - 1) * days)], dtype=pl.String),
            "explained_change": pl.Series([*change, *[None] * ((series - 1) * days)], dtype=pl.Float64),
        }
    )
    return (
        frame.with_columns(pl.col(pl.Float64).fill_nan(None))
        .filter(pl.col("value").is_not_null())
        .with_columns(kind=_KIND)
    )


def _explained(one: Watched) -> tuple[list[str | None], list[float | None]]:
    """Return, of each day, the value whose own difference goes the furthest the way of the whole, and that difference."""
    parts = np.nan_to_num(one.beyond[1:])
    if not parts.shape[0]:
        return [None] * parts.shape[1], [None] * parts.shape[1]
    way = np.sign(np.nan_to_num(one.beyond[0]))
    along = parts * way
    most = along.argmax(axis=0)
    change = parts[most, np.arange(parts.shape[1])]
    is_some = along.max(axis=0) > 0
    names = [one.names[place] if some else None for place, some in zip(most, is_some, strict=True)]
    return names, [float(each) if some else None for each, some in zip(change, is_some, strict=True)]


_KIND = (
    pl.when(~pl.col("is_anomaly"))
    .then(None)
    .when(pl.col("measure").is_in(COUNTS) & (pl.col("value") == 0))
    .then(pl.lit("silence"))
    .when(pl.col("value") < pl.col("expected"))
    .then(pl.lit("fall"))
    .otherwise(pl.lit("rise"))
)


_OF_THE_DAY = ("event_date", "value", "expected", "lower", "upper", "p_value", "explained_by", "explained_change")
"""What a run has of its least likely day."""


def runs(found: pl.DataFrame, by: str) -> pl.DataFrame:
    """Put anomalies of days in a row into one: what `wh.anomalies` found, the newest first, then the least likely.

    measure, is_total, the dimension, way ("silence" on any of the days, else "fall" or "rise"), start, end, days; and of the
    least likely day of them event_date, value, expected, lower, upper, p_value, explained_by, explained_change.
    """
    key = ["measure", "is_total", by]
    below = found.filter("is_anomaly").with_columns(is_below=pl.col("value") < pl.col("expected"))
    ordered = below.sort(*key, "is_below", "event_date", nulls_last=True)
    rows = [
        _run(list(days), by) for _, days in groupby(_numbered(ordered, [*key, "is_below"]), key=lambda row: row["run"])
    ]
    columns = [*key, "kind", "start", "end", "days", *_OF_THE_DAY]
    frame = pl.DataFrame(
        rows,
        schema={
            **{name: found.schema[name] for name in columns if name in found.schema},
            "start": pl.Date,
            "end": pl.Date,
            "days": pl.Int64,
        },
    )
    return frame.select(columns).sort(pl.col("end"), pl.col("p_value").neg(), descending=True)


def _numbered(ordered: pl.DataFrame, key: list[str]) -> Iterable[dict[str, object]]:
    """Give the rows of days in a row, of one series and one way, a number of their own."""
    run, before = 0, None
    for row in ordered.iter_rows(named=True):
        place = tuple(row[name] for name in key)
        if before is None or before[0] != place or row["event_date"] - before[1] > timedelta(days=1):
            run += 1
        before = place, row["event_date"]
        yield {**row, "run": run}


def _run(days: list[dict[str, object]], by: str) -> dict[str, object]:
    worst = min(days, key=lambda row: row["p_value"])  # type: ignore[arg-type,return-value] # floats
    kind = "silence" if any(row["kind"] == "silence" for row in days) else worst["kind"]
    return {
        **{name: worst[name] for name in ("measure", "is_total", by, *_OF_THE_DAY)},
        "kind": kind,
        "start": days[0]["event_date"],
        "end": days[-1]["event_date"],
        "days": len(days),
    }
