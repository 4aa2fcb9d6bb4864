"""Sentences about the two banners in front: whether they ran on the same days, and what an experiment between them would take."""

from __future__ import annotations

from math import ceil, sqrt
from statistics import NormalDist
from typing import Any

import polars as pl

from pixels.banner_verdict import PEOPLE
from pixels.compared_banners import MEASURES, check_measure
from pixels.reports.words import quoted
from pixels.words import counted, number, percent

_FALSE_ALARM, _POWER = 0.05, 0.8


def same_days(compared: pl.DataFrame, by_day: pl.DataFrame, measure: str = "registration_rate") -> str:
    """Say whether the two in front of `wh.compare_banners(...)` ran on the same days, and their rates on those alone.

    `by_day` is `wh.conversions(per="day")` with the same `by` and `credit`. What differs between days (a weekend, a
    campaign) cannot explain a difference on days on which both ran.
    """
    part, whole = MEASURES[check_measure(measure)]
    _, done = PEOPLE[measure]
    if (front := _in_front(compared)) is None:
        return "It takes two to have run on the same days."
    by, names = compared.columns[0], [row[compared.columns[0]] for row in front]
    entered = by_day.filter(pl.col(by).is_in(names) & (pl.col(whole) > 0))
    both = entered.filter(pl.len().over("entry_date") == 2)
    days, together = entered["entry_date"].n_unique(), both["entry_date"].n_unique()
    who = f"{quoted(names[0])} and {quoted(names[1])}"
    if not together:
        return f"{who} were on no day both there: what differs between their days may explain all of the difference."
    rates = [_rate(both.filter(pl.col(by) == name), part, whole) for name in names]
    of = f"on all of {counted(days, 'day')}" if together == days else f"on {number(together)} of {counted(days, 'day')}"
    return f"{who} were both there {of}: on these {rates[0]} and {rates[1]} {done}."


def experiment(compared: pl.DataFrame, by_day: pl.DataFrame, measure: str = "registration_rate") -> str:
    """Say how many people an experiment between the two in front would take, and how long at the pace of these days.

    `by_day` as in `same_days`; days that are not over for anybody are none. Two groups of the same size, to which people
    are assigned by chance; two-sided 5 %, power 80 %, for the difference of the expected rates (Fleiss, Levin and Paik,
    "Statistical Methods for Rates and Proportions", 2003, chapter 4).
    """
    person, _ = PEOPLE[check_measure(measure)]
    if (front := _in_front(compared)) is None:
        return "It takes two for an experiment."
    first, second = front
    each = people_for_experiment(first["expected_rate"], second["expected_rate"])
    names = " and ".join(quoted(row[compared.columns[0]]) for row in front)
    if each is None:
        return (
            f"The rates of {names} are expected to be the same: no experiment would be large enough to tell them apart."
        )
    rates = f"{percent(first['expected_rate'])} and {percent(second['expected_rate'])}"
    days = by_day.filter(pl.col("visitors") > 0)["entry_date"].n_unique()
    pace = (first["entries"] + second["entries"]) / days
    return (
        f"Whether {names} differ as it is to be expected ({rates}), an experiment shows in four of five cases when each is given "
        f"by chance to {counted(each, person)}: at the pace of these days that takes {counted(ceil(2 * each / pace), 'day')}."
    )


def people_for_experiment(rate: float, other: float) -> int | None:
    """Return how many people each group has to have; None where there is no difference to be seen."""
    if rate == other:
        return None
    middle = (rate + other) / 2
    alarm, power = NormalDist().inv_cdf(1 - _FALSE_ALARM / 2), NormalDist().inv_cdf(_POWER)
    spread = alarm * sqrt(2 * middle * (1 - middle)) + power * sqrt(rate * (1 - rate) + other * (1 - other))
    return ceil((spread / (rate - other)) ** 2)


def _in_front(compared: pl.DataFrame) -> list[dict[str, Any]] | None:
    """Return the two that are the most probable to be the best; None where there are fewer."""
    front = compared.filter(pl.col("probability_best").is_not_null()).head(2)
    return front.to_dicts() if front.height == 2 else None


def _rate(rows: pl.DataFrame, part: str, whole: str) -> str:
    converted, entries = int(rows[part].sum()), int(rows[whole].sum())
    return f"{percent(converted / entries)} ({number(converted)} of {number(entries)})"
