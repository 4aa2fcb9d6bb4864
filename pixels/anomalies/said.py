"""What is to be said of an anomaly, in a sentence computed from its figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from pixels import words
from pixels.anomalies.figures import RATES, WEEK
from pixels.period import Period

NOUNS = {"daily_unique_visitors": "visitors", "registrations": "registrations", "ftd": "FTD"}
LABELS = {
    "daily_unique_visitors": "Daily unique visitors",
    "registrations": "Registrations",
    "ftd": "FTD",
    "registration_rate": "Visit to registration, 7 days",
    "deposit_rate": "Registration to FTD, 7 days",
}
"""What is watched, as screens call it."""
_DID = {"registration_rate": "visitors", "deposit_rate": "registrations"}
_THEN = {"registration_rate": "registered", "deposit_rate": "made a first deposit"}


@dataclass(frozen=True)
class Writer:
    """How names and numbers are written where the sentence stands."""

    name: Callable[[str], str]
    number: Callable[[int], str] = words.number
    percent: Callable[[float | None], str] = words.percent


def said(run: dict[str, Any], by: str, write: Writer, visitors_as_usual: bool | None = None) -> str:
    """Say what stood out: a row of `runs(...)`.

    `visitors_as_usual`: whether on that day the visitors of the same series did not stand out; None: not known.
    """
    whose = "" if run["is_total"] else f" of {write.name(run[by])}" if run[by] is not None else f" without {by}"
    text = _rate(run, whose, write) if run["measure"] in RATES else _count(run, whose, write, visitors_as_usual)
    return f"{text}{_explained(run, write)}"


def _count(run: dict[str, Any], whose: str, write: Writer, visitors_as_usual: bool | None) -> str:
    noun, expected = NOUNS[run["measure"]], write.number(round(run["expected"]))
    value = "No" if run["value"] == 0 else write.number(round(run["value"]))
    text = f"{value} {noun}{whose} on {words.day(run['event_date'])}, where {expected} were expected."
    if run["kind"] != "silence":
        return text
    if run["measure"] == "daily_unique_visitors":
        return (
            f"{text} The banner ended, or its pixel is gone."
            if whose
            else f"{text} Nothing arrives: look at the pixels."
        )
    return f"{text} Visitors came as usual: a broken pixel?" if visitors_as_usual else text


def _rate(run: dict[str, Any], whose: str, write: Writer) -> str:
    end: date = run["event_date"]
    days = words.days(Period(end - timedelta(days=WEEK - 1), end))
    return (
        f"{write.percent(run['value'])} of the {_DID[run['measure']]}{whose} who entered {days} {_THEN[run['measure']]} within 7 days, "
        f"where {write.percent(run['expected'])} were expected."
    )


def _explained(run: dict[str, Any], write: Writer) -> str:
    """Name who has the largest part of what all together have."""
    part, whole = run["explained_change"], run["value"] - run["expected"]
    if not run["is_total"] or run["explained_by"] is None:
        return ""
    if run["measure"] in RATES:
        return f" {write.name(run['explained_by'])} has the largest part of it."
    most = "explains most of it" if abs(part) >= abs(whole) / 2 else "has the largest part of it"
    sign = "+" if part > 0 else "\u2212"
    return f" {write.name(run['explained_by'])} {most} ({sign}{write.number(abs(round(part)))})."


def visitors_were_usual(everything: pl.DataFrame, run: dict[str, Any], by: str) -> bool:
    """Whether the series of a run had visitors on its day, and as many as usual, from `wh.anomalies(..., everything=True)`."""
    same = (pl.col("event_date") == run["event_date"]) & (pl.col("measure") == "daily_unique_visitors")
    of_series = (
        pl.col("is_total")
        if run["is_total"]
        else ~pl.col("is_total") & pl.col(by).eq_missing(pl.lit(run[by], pl.String))
    )
    as_usual = (pl.col("value") > 0) & pl.col("expected").is_not_null() & ~pl.col("is_anomaly")
    return not everything.filter(same & of_series & as_usual).is_empty()
