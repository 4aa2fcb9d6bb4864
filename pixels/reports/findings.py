"""Sentences computed from the frames of a warehouse: what a table or a chart comes to.

Each takes a frame as the warehouse returns it and gives plain text, never markup. It says so when there is nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

import polars as pl

from pixels.period import Period
from pixels.reports.words import change, listed, quoted
from pixels.words import counted, day, days, number, percent

ENOUGH_VISITS = 100
"""Visits below which a banner's registrations per 100 visits are left to chance, and not compared."""

_DONE = {"visit": "visited", "registration": "registered", "deposit": "deposited"}
_COMPARED = {"unique_visitors": "visitors", "registrations": "registrations", "ftd": "FTD"}
_MEASURES = {"deposits": "deposit day", "registrations": "registration", "visits": "daily unique visitor"}


def nothing(period: Period) -> str:
    """Say that there is nothing in a period."""
    return f"No event was counted in these days ({days(period)})."


def result(kpis: pl.DataFrame, before: pl.DataFrame | None = None) -> str:
    """Say what a period brought, from `wh.kpis(...)` of it and, to compare with, of the days before (null: not to be)."""
    now = kpis.row(0, named=True)
    if not any(now.values()):
        return "These days brought nothing."
    text = (
        f"{counted(now['unique_visitors'], 'unique visitor')} came, {counted(now['registrations'], 'player')} registered, "
        f"and {number(now['ftd'])} made a first deposit (FTD)."
    )
    if before is None:
        return text
    then = before.row(0, named=True)
    changes = [
        f"{label} {change(now[name], then[name])}" for name, label in _COMPARED.items() if then[name] is not None
    ]
    if not changes:
        return text
    return f"{text} Against as many days before: {', '.join(changes)}."


def share_of_banner(frame: pl.DataFrame, banner: str) -> str:
    """Say how much of everything one banner brought, from `wh.banners(...)`."""
    own = frame.filter(pl.col("banner_tag") == banner)
    if own.is_empty():
        return f"{quoted(banner)} brought nobody in these days. Is the tag spelt as in the pixel?"
    parts = [
        f"{number(own.item(0, name))} of {counted(total, noun)} ({percent(own.item(0, name) / total)})"
        for name, noun in reversed(_MEASURES.items())
        if (total := _sum(frame[name]))
    ]
    return f"{quoted(banner)} brought {listed(parts)}."


def activity(metrics: pl.DataFrame, period: Period, goes_on: date | None = None) -> str:
    """Say how many came a day, which day was the best, and which way it went, from `wh.metrics(...)`.

    `period`: the days to average over; `goes_on`: the one of them that is not over, which is left out of it.
    """
    visits = metrics.filter(
        (pl.col("event_type") == "visit") & pl.col("event_date").is_between(period.start, period.end)
    )
    if visits.is_empty():
        return f"Nobody was counted as a visitor in these days ({days(period)})."
    best = visits.sort("count", "event_date", descending=[True, False]).row(0, named=True)
    busiest = f"The busiest day was {best['event_date']:%A}, {day(best['event_date'])}, with {counted(best['count'], 'visitor')}."
    whole = period.number_of_days - (goes_on is not None)
    if not whole:
        return f"{counted(best['count'], 'visitor')} so far; the day is not over."
    average = visits.filter(pl.col("event_date") != goes_on if goes_on else True)["count"].sum() / whole
    return " ".join(
        filter(
            None,
            [f"{counted(round(average), 'visitor')} a day on average.", busiest, _direction(visits, period, goes_on)],
        )
    )


def _direction(visits: pl.DataFrame, period: Period, goes_on: date | None) -> str:
    """Compare the last seven whole days with the seven before: the same weekdays."""
    end = period.end.toordinal() - (goes_on == period.end)
    if end - 13 < period.start.toordinal():
        return ""
    age = pl.lit(date.fromordinal(end)) - pl.col("event_date")
    weeks_ago = age.dt.total_days() // 7
    last, before = (_sum(visits.filter(weeks_ago == week)["count"]) for week in (0, 1))
    return f"The last seven whole days against the seven before: {change(last, before)}."


def leading_measure(frame: pl.DataFrame) -> str:
    """Return what the banners of `wh.banners(...)` are best told apart by: deposits, or what there is of the way to them."""
    return next((name for name in _MEASURES if _sum(frame[name])), "visits")


def banners(frame: pl.DataFrame) -> str:
    """Say which banner brought the most, from `wh.banners(...)`: by the leading measure."""
    if frame.is_empty():
        return "No banner brought anybody in these days."
    measure = leading_measure(frame)
    total, most = _sum(frame[measure]), _sum(frame[measure].top_k(1))
    leaders = frame.filter(pl.col(measure) == most)["banner_tag"].sort().to_list()
    share = f"{counted(most, _MEASURES[measure])} of {number(total)} ({percent(most / total)})"
    names = listed([quoted(name) for name in leaders])
    text = f"{names} brought the most: {share}." if len(leaders) == 1 else f"{names} brought the most: {share} each."
    return " ".join(filter(None, [text, _best_rate(frame)]))


def _best_rate(frame: pl.DataFrame) -> str:
    """Compare registrations per 100 visits where there are enough visits to."""
    rates = frame.filter(pl.col("visits") >= ENOUGH_VISITS).with_columns(
        rate=pl.col("registrations") / pl.col("visits") * 100
    )
    if rates.height < 2:
        return ""
    ranked = rates.sort("rate", "banner_tag", descending=[True, False])
    best, worst = ranked.row(0, named=True), ranked.row(-1, named=True)
    if best["rate"] == worst["rate"]:
        return ""
    return (
        f"Of those with at least {ENOUGH_VISITS} visits, {quoted(best['banner_tag'])} has the most registrations per 100 visits, "
        f"{best['rate']:.1f}, and {quoted(worst['banner_tag'])} the fewest, {worst['rate']:.1f}."
    )


def funnel(frame: pl.DataFrame, window: str = "7 days") -> str:
    """Say how many went on and where most were lost, from `wh.funnel(...)` without `by`; `window` in words."""
    steps = frame.sort("step").to_dicts()
    if not steps or not steps[0]["entered"]:
        return "Nobody entered in these days, so there is nobody to follow."
    entered = steps[0]["entered"]
    verbs = [_DONE[step["event_type"]] for step in steps]
    went_on = [
        f"{number(step['players'])} ({percent(step['rate'])}) {verb}"
        for step, verb in zip(steps[1:], verbs[1:], strict=True)
    ]
    text = f"Of {counted(entered, 'person', 'people')} who {verbs[0]}, {' and '.join(went_on)} within {window}."
    return " ".join(filter(None, [text, _largest_loss(steps, verbs), _immature(steps, verbs, window)]))


def _largest_loss(steps: Sequence[dict[str, int]], verbs: Sequence[str]) -> str:
    losses = [
        ((here["players"] - there["players"]) / here["players"], position)
        for position, (here, there) in enumerate(pairwise(steps))
        if here["players"]
    ]
    if not losses or max(losses)[0] == 0:
        return ""
    loss, position = max(losses)
    return f"The steepest step: {percent(loss)} of those who {verbs[position]} have not {verbs[position + 1]}."


def _immature(steps: Sequence[dict[str, float]], verbs: Sequence[str], window: str) -> str:
    immature = int(steps[0]["immature"])
    if not immature:
        return ""
    text = f"For {number(immature)} of them the {window} are not over, so these shares may still rise"
    if not steps[0]["mature_entered"]:
        return f"{text}."
    mature = " and ".join(
        f"{percent(step['mature_rate'])} {verb}" for step, verb in zip(steps[1:], verbs[1:], strict=True)
    )
    return f"{text}; of the other {number(int(steps[0]['mature_entered']))}, {mature}."


def _sum(counts: pl.Series) -> int:
    return int(counts.sum())
