"""Sentences about days that stood out: what it was, who it came from, at which hours, and what became of what was received."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from pixels.anomalies.figures import COUNTS, DAYS_NEEDED
from pixels.anomalies.said import LABELS, NOUNS, Writer, said, visitors_were_usual
from pixels.reports.words import listed, quoted
from pixels.words import counted, day, number, percent

TAG = "banner_tag"
_WRITER = Writer(quoted)
_MOST_TOLD = 12
WRITTEN = ("value", "expected", "lower", "upper")
"""The columns of `shown(...)` that are numbers with their unit."""
_TYPES = {"daily_unique_visitors": "visit", "registrations": "registration", "ftd": "deposit"}


def stood_out(runs: pl.DataFrame, everything: pl.DataFrame) -> list[str]:
    """Say what stood out, the newest first, from `runs(...)` and `wh.anomalies(..., everything=True)`."""
    if everything["expected"].null_count() == everything.height:
        return [f"Nothing can be said of these days yet: that takes {DAYS_NEEDED} days before them."]
    if runs.is_empty():
        return ["Nothing stood out: every figure of these days is what the days before let expect."]
    told = [sentence(run, everything) for run in runs.head(_MOST_TOLD).iter_rows(named=True)]
    more = runs.height - len(told)
    return [*told, *([f"And {counted(more, 'other')}, in the table."] if more > 0 else [])]


def sentence(run: dict[str, Any], everything: pl.DataFrame) -> str:
    """Say what stood out in one run of days."""
    return said(run, TAG, _WRITER, visitors_were_usual(everything, run, TAG))


def shown(runs: pl.DataFrame) -> pl.DataFrame:
    """Return what stood out as a table has it: day, measure, whose, kind, days, and as text value, expected, lower, upper.

    Counts are whole, as the sentences say them, and rates in percent.
    """
    is_count = pl.col("measure").is_in(COUNTS)
    return runs.select(
        pl.col("measure").replace_strict(LABELS, return_dtype=pl.String),
        "kind",
        "days",
        *(pl.struct(name, of=is_count).map_elements(_written, pl.String) for name in WRITTEN),
        day=pl.col("event_date").cast(pl.String),
        whose=pl.when("is_total").then(pl.lit("all together")).otherwise(TAG),
    )


def _written(cell: dict[str, Any]) -> str | None:
    """Write what the first field holds, a count or a rate as the second one says."""
    value, is_count = cell.values()
    if value is None:
        return None
    return number(round(value)) if is_count else percent(value)


def subject(runs: pl.DataFrame, chosen: date | None = None) -> dict[str, Any] | None:
    """Return the run to look into: the least likely of a count, of those that hold the day if one is chosen; None: none."""
    of_counts = runs.filter(pl.col("measure").is_in(COUNTS))
    if chosen is not None:
        of_counts = of_counts.filter((pl.col("start") <= chosen) & (pl.col("end") >= chosen))
    return of_counts.sort("p_value", "measure", pl.col("is_total")).row(0, named=True) if of_counts.height else None


def parts(everything: pl.DataFrame, run: dict[str, Any]) -> pl.DataFrame:
    """Return what each banner had on the day of a run beside what was expected, the largest difference first.

    banner_tag, value, expected, difference, stands_out.
    """
    same = (pl.col("event_date") == run["event_date"]) & (pl.col("measure") == run["measure"]) & ~pl.col("is_total")
    rows = everything.filter(same).with_columns(difference=pl.col("value") - pl.col("expected"))
    ordered = rows.sort(pl.col("difference").abs(), TAG, descending=[True, False], nulls_last=True)
    return ordered.select(TAG, pl.col("value").cast(pl.Int64), "expected", "difference", stands_out="is_anomaly")


def explained(frame: pl.DataFrame, run: dict[str, Any]) -> str:
    """Say which banners the difference comes from, from `parts(...)`."""
    known = frame.drop_nulls("difference")
    if known.is_empty():
        return "No banner has been there long enough to say what was to be expected of it."
    whole = float(known["difference"].sum())
    along = known.filter(pl.col("difference") * whole > 0)
    beyond = along.filter("stands_out")
    noun = NOUNS[run["measure"]]
    text = f"On {day(run['event_date'])} the banners brought {number(abs(round(whole)))} {noun} {'more' if whole >= 0 else 'fewer'} than expected."
    if beyond.is_empty():
        return f"{text} None of them stands out by itself: it is a little of each, as with a change outside of the banners."
    share = float(beyond["difference"].sum()) / whole
    return f"{text} {listed([quoted(str(tag)) for tag in beyond[TAG]])} {'has' if beyond.height == 1 else 'have'} {percent(share)} of it."


def received(accounting: pl.DataFrame, refused: pl.DataFrame, run: dict[str, Any]) -> str:
    """Say what became of what was received on the day of a run, from `wh.accounting(day)` and `wh.refused(day)`."""
    of_type = accounting.filter(pl.col("event_type") == _TYPES[run["measure"]])
    if not run["is_total"]:
        of_type = of_type.filter(pl.col(TAG).eq_missing(pl.lit(run[TAG], pl.String)))
    arrived, counts = int(of_type["received"].sum()), int(of_type["counted"].sum())
    refusals = int(refused["count"].sum())
    whole = (
        f"{counted(refusals, 'request')} of that day {'was' if refusals == 1 else 'were'} refused, of whatever type."
    )
    if not arrived:
        return f"No {_TYPES[run['measure']]} arrived at all, so none was lost by counting. {whole}"
    again, bots = int(of_type["same_event_again"].sum()), int(of_type["bots"].sum())
    return (
        f"{number(arrived)} arrived and {number(counts)} of them count ({percent(counts / arrived)}); {number(again)} were the same event "
        f"again, {number(bots)} of declared crawlers. {whole}"
    )


def by_hour(hours: pl.DataFrame, usual: pl.DataFrame, run: dict[str, Any]) -> str:
    """Say at which hours the day of a run differed the most, from `wh.hours` of it and of the same day a week before."""
    kind = _TYPES[run["measure"]]
    now, before = (
        frame.filter(pl.col("event_type") == kind).group_by("hour").agg(pl.col("count").sum())
        for frame in (hours, usual)
    )
    both = now.join(before, on="hour", how="full", coalesce=True, suffix="_before").fill_null(0)
    if not both["count_before"].sum():
        return "A week before there was nothing to compare the hours with."
    apart = both.with_columns(apart=pl.col("count") - pl.col("count_before")).sort(
        pl.col("apart").abs(), "hour", descending=[True, False]
    )
    most = apart.row(0, named=True)
    same_way = apart.filter(pl.col("apart") * most["apart"] > 0)
    share = most["apart"] / same_way["apart"].sum() if same_way.height else 0.0
    if not most["apart"]:
        return "No hour differs from the same hour a week before."
    return (
        f"From {most['hour']}:00 to {most['hour'] + 1}:00 there were {number(most['count'])} where a week before there were "
        f"{number(most['count_before'])}: {percent(share)} of what was {'more' if most['apart'] > 0 else 'missing'} that day."
    )
