"""Sentences about those who still have time: how soon people convert, how many will, and how often that was foreseen."""

from __future__ import annotations

import polars as pl

from pixels.words import counted, day, percent

_BEGAN = {"deposit": ("player", "registered"), "registration": ("person", "came")}
_DONE = {"deposit": "made a first deposit", "registration": "registered"}
_DO = {"deposit": "make a first deposit", "registration": "register"}
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


def still_to_come(frame: pl.DataFrame, conversion: str, given: str) -> str:
    """Say what is expected of the newest cohort that has begun, from `wh.forecast(...)` with its confidence of 0.9."""
    noun, began = _BEGAN[conversion]
    if frame.is_empty():
        return f"Nobody {began} in these days."
    if frame["expected"].null_count():
        return f"Nothing can be foreseen yet: it takes somebody who {began} {given} ago or earlier."
    open_ones = frame.filter(~pl.col("mature")).sort("cohort")
    if open_ones.is_empty():
        return f"For everybody who {began} in these days the {given} are over: nobody is still waited for."
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
