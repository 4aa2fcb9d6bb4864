"""Sentences about those who still have time: how soon people convert, how many will, and how often that was foreseen."""

from __future__ import annotations

import polars as pl

from pixels.reports.words import quoted
from pixels.words import counted, day, percent

_BEGAN = {"deposit": ("player", "registered"), "registration": ("person", "came")}
_DONE = {"deposit": "made a first deposit", "registration": "registered"}
_DO = {"deposit": "make a first deposit", "registration": "register"}
ENOUGH = 100
"""People below which the time of a banner's is left to chance."""
_MOST_TOLD, _DAY = 3, 86_400
_PLURAL = {"person": "people"}


def how_soon(frame: pl.DataFrame, conversion: str, given: str) -> str:
    """Say how many convert within the time, from `wh.time_to_convert(...)`, of which the last row is that time; `given` is it in words."""
    people, share, lower, upper = frame.select("people", "converted_share", "lower", "upper").row(-1)
    noun, began = _BEGAN[conversion]
    if not people:
        return f"Nobody {began} in these days."
    if share is None:
        return f"Nobody who {began} in these days has been followed for {given} yet."
    limits = "" if lower is None else f", as far as can be told between {percent(lower)} and {percent(upper)}"
    return f"Of {_counted(people, noun)} who {began}, {percent(share)} {_DO[conversion]} within {given}{limits}."


def slow_ones(frame: pl.DataFrame, by_banner: pl.DataFrame) -> str:
    """Say which banners' people take much longer than all, from `wh.time_to_convert(...)` and the same `by="banner_tag"`.

    Slow is a banner of which half of those who convert take twice as long as half of all do, or longer; when half of all had, the
    upper limit of its share was still below half of what it came to, so that chance is no reason.
    """
    usual = _halfway(frame)
    if usual is None:
        return "Nobody has converted yet, so no banner is slower than another."
    slow = [
        (row, halfway)
        for curve in by_banner.partition_by("banner_tag", maintain_order=True)
        if (row := curve.row(-1, named=True))["people"] >= ENOUGH
        and (halfway := _halfway(curve)) is not None
        and halfway >= 2 * usual
        and _surely_below_half(curve, usual)
    ]
    told = [
        f"Half of those of {quoted(str(row['banner_tag']))} who convert take {_days(halfway)}, where half of all take {_days(usual)}: "
        f"of its newest people few can have converted yet."
        for row, halfway in sorted(slow, key=lambda one: -one[1])[:_MOST_TOLD]
    ]
    return " ".join(told) or "No banner's people take much longer than those of all."


def _halfway(curve: pl.DataFrame) -> int | None:
    """Return after how many seconds half of those had converted who have by the end of a curve; None: nobody has."""
    known = curve.drop_nulls("converted_share")
    if known.is_empty() or not known["converted_share"][-1]:
        return None
    return int(known.filter(pl.col("converted_share") >= known["converted_share"][-1] / 2)["after_seconds"][0])


def _surely_below_half(curve: pl.DataFrame, after_seconds: int) -> bool:
    known = curve.drop_nulls("converted_share")
    then = known.filter(pl.col("after_seconds") == after_seconds)
    if then.is_empty():
        return False
    upper = then["upper"][0] if then["upper"][0] is not None else then["converted_share"][0]
    return bool(upper < known["converted_share"][-1] / 2)


def _days(seconds: int) -> str:
    """Write the end of a step of a day or less: up to 1 day, up to 6 hours."""
    if seconds % _DAY == 0:
        return f"up to {counted(seconds // _DAY, 'day')}"
    return f"up to {counted(max(1, seconds // 3_600), 'hour')}"


def still_to_come(frame: pl.DataFrame, conversion: str, given: str) -> str:
    """Say what is expected of the newest cohort that has begun, from `wh.forecast(...)` with its confidence of 0.9."""
    noun, began = _BEGAN[conversion]
    if frame.is_empty():
        return f"Nobody {began} in these days."
    if frame["expected"].null_count():
        return f"Nothing can be foreseen yet: it takes somebody who {began} {given} ago or earlier."
    open_ones = frame.filter(~pl.col("mature")).sort("cohort")
    if open_ones.is_empty():
        return f"Nobody who {began} in these days is still waited for: each {_DONE[conversion]}, or had {given} for it."
    row = open_ones.row(-1, named=True)
    return (
        f"Of {_counted(row['people'], noun)} who {began} in the newest cohort, from {day(row['cohort'])}, {row['converted']:,} {_DONE[conversion]} so far; "
        f"{row['expected']:,.0f} are expected to within {given}, in nine of ten cases between {row['lower']:,.0f} and {row['upper']:,.0f}."
    )


def how_right(frame: pl.DataFrame) -> str:
    """Say how many of the forecasts held, from `wh.forecast_backtest(...)` with its confidence of 0.9."""
    if frame.is_empty():
        return "No forecast of an earlier cohort can be compared with what came of it yet."
    held = int(frame["held"].sum())
    return (
        f"Of {counted(frame.height, 'forecast')} that would have been made of earlier cohorts, {held:,} ({percent(held / frame.height)}) held: "
        "what came was within the limits. Nine of ten are to be expected."
    )


def _counted(number: int, noun: str) -> str:
    return counted(number, noun, _PLURAL.get(noun, ""))
