"""One sentence above the figures: what changed, and which banner explains it."""

from __future__ import annotations

import polars as pl

from panel_app import words
from panel_app.figures import TAG, Figures
from panel_app.measures import FTD, REGISTRATIONS, VISITORS, Measure, compared
from panel_app.situation import Situation
from panel_app.words import Quoted
from pixels.explained import is_chance, largest_part

Parts = list[str | Quoted]


def sentence(figures: Figures, where: Situation) -> Parts:
    """Say what changed against the earlier days, and which banner explains it; names of banners stand apart as `Quoted`.

    The measure is FTD, or what there is of the way to it. A difference that chance alone makes in one of twenty cases is no
    change. The banner is the one whose own difference goes the furthest in the same direction.
    """
    measure = _leading(figures)
    beside = compared(measure, figures, where)
    now = words.number(beside.now.part)
    days = words.on_days(where.period)
    if not figures.has_events:
        return [f"Nothing was counted {days}."]
    if beside.before is None or beside.before_days is None:
        return [f"{now} {_noun(measure, beside.now.part)} {days}. {_why_alone(where)}", *_largest(figures, measure)]
    before, against = beside.before.part, f"against {words.days(beside.before_days)}"
    if is_chance(beside.now.part, before):
        told = f"{now} {_noun(measure, beside.now.part)}, about as many as before ({words.number(before)}), {against}."
        return [told, *_largest(figures, measure)]
    way = "rose" if beside.now.part > before else "fell"
    told = f"{measure.label} {way} from {words.number(before)} to {now}{_percent(beside.now.part, before)}, {against}."
    return [told, *_explained(figures, measure)]


def _leading(figures: Figures) -> Measure:
    """Return the measure that is the closest to money, of which there is any."""
    days = [figures.now] if figures.before is None else [figures.now, figures.before]
    for measure in (FTD, REGISTRATIONS):
        if any(one.activity[measure.part].sum() for one in days):
            return measure
    return VISITORS


def _noun(measure: Measure, number: int) -> str:
    if measure is FTD:
        return "FTD"
    one = "daily unique visitor" if measure is VISITORS else "registration"
    return one if number == 1 else f"{one}s"


def _percent(now: int, before: int) -> str:
    return words.as_text(f" ({(now - before) / before * 100:+,.0f} %)").replace("-", "\u2212") if before else ""


def _why_alone(where: Situation) -> str:
    if where.against == "none":
        return ""
    if where.running_day is not None:
        return "Today is not over, so it is compared with nothing."
    return "There is no whole data of earlier days to compare with."


def _explained(figures: Figures, measure: Measure) -> Parts:
    """Name the banner whose own difference goes the furthest in the direction of the whole."""
    assert figures.before is not None  # noqa: S101 - there is a difference
    now, before = (
        days.activity.group_by(TAG).agg(pl.col(measure.part).sum().alias(name))
        for days, name in ((figures.now, "now"), (figures.before, "before"))
    )
    part = largest_part(now.join(before, on=TAG, how="full", coalesce=True), TAG)
    if part is None:
        return []
    share = "explains most of it" if part.explains_most else "has the largest part of it"
    return [" ", Quoted(str(part.name)), f" {share} ({_signed(part.change)})."]


def _largest(figures: Figures, measure: Measure) -> Parts:
    """Name the banner that brought the most."""
    sums = figures.now.activity.group_by(TAG).agg(pl.col(measure.part).sum())
    first = sums.sort(measure.part, TAG, descending=[True, False]).row(0)
    if not first[1] or sums.height == 1:
        return []
    return [" ", Quoted(first[0]), f" brought the most ({words.number(first[1])})."]


def _signed(change: int) -> str:
    return words.as_text(f"{change:+,}").replace("-", "\u2212")
