"""Sentences about change: what moved against the days before, which banner explains it, and how weeks follow each other."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import polars as pl

from pixels.explained import is_chance, largest_part
from pixels.period import Period
from pixels.reports.findings import ENOUGH_VISITS
from pixels.reports.words import change, listed, quoted
from pixels.words import counted, days, number, percent

_MEASURES = {"ftd": "FTD", "registrations": "registrations", "daily_unique_visitors": "daily unique visitors"}
_NOUNS = {"visit": "Daily unique visitors", "registration": "Registrations", "deposit": "Deposit days"}


def moved(now: pl.DataFrame, before: pl.DataFrame | None) -> str:
    """Say what changed, and which banner explains it, from `wh.kpis(..., by="banner_tag")` of some days and the days before.

    The measure is FTD, or what there is of the way to it. `before` None: there is nothing fair to compare with.
    """
    measure = _leading(now, before)
    if measure is None:
        return "Nothing was counted in these days."
    if before is None:
        return "There are no whole days of as much data before these to compare with."
    sums = int(now[measure].sum()), int(before[measure].sum())
    label = _MEASURES[measure]
    if is_chance(*sums):
        return f"{number(sums[0])} {label}, about as many as before ({number(sums[1])}): the difference can be chance."
    way = "rose" if sums[0] > sums[1] else "fell"
    text = f"{label[0].upper()}{label[1:]} {way} from {number(sums[1])} to {number(sums[0])} ({change(*sums)})."
    part = largest_part(_beside(now, before, measure), "banner_tag")
    if part is None:
        return text
    share = "explains most of it" if part.explains_most else "has the largest part of it"
    return f"{text} {quoted(str(part.name))} {share} ({part.change:+,}).".replace("-", "\u2212")


def movement(now: pl.DataFrame, before: pl.DataFrame | None) -> pl.DataFrame:
    """Return a row a banner, the largest change first, from the same frames.

    banner_tag, daily_unique_visitors, registrations, ftd, and registrations_before, change (registrations less those before):
    both null where there is nothing to compare with.
    """
    columns = ["banner_tag", "daily_unique_visitors", "registrations", "ftd"]
    own = now.select(columns)
    if before is None:
        unknown = pl.lit(None, pl.Int64)
        return own.with_columns(registrations_before=unknown, change=unknown).sort(
            "ftd", "registrations", "daily_unique_visitors", "banner_tag", descending=[True, True, True, False]
        )
    earlier = before.select("banner_tag", registrations_before="registrations")
    both = own.join(earlier, on="banner_tag", how="full", coalesce=True)
    counts = [pl.col(name).fill_null(0) for name in (*columns[1:], "registrations_before")]
    return (
        both.with_columns(counts)
        .with_columns(change=pl.col("registrations") - pl.col("registrations_before"))
        .sort(pl.col("change").abs(), "ftd", "banner_tag", descending=[True, True, False])
    )


def movers(frame: pl.DataFrame) -> str:
    """Say which banners rose and which fell by more than chance, from `movement(...)`."""
    if frame.is_empty():
        return "No banner brought anybody in these days."
    if frame["change"].null_count() == frame.height:
        return "There are no whole days before these to compare banners with."
    beyond = [
        row for row in frame.iter_rows(named=True) if not is_chance(row["registrations"], row["registrations_before"])
    ]
    told = [
        f"{listed([_moved(row) for row in rows])} {verb} by more than chance"
        for verb, rows in (
            ("rose", [row for row in beyond if row["change"] > 0]),
            ("fell", [row for row in beyond if row["change"] < 0]),
        )
        if rows
    ]
    return f"{'; '.join(told)}." if told else "No banner's registrations changed by more than chance."


def _moved(row: dict[str, object]) -> str:
    return f"{quoted(str(row['banner_tag']))} ({row['registrations_before']:,} to {row['registrations']:,})"


def weeks(frame: pl.DataFrame, event_type: str) -> str:
    """Say how the whole weeks of `wh.metrics(per="week")` follow each other, for one event type."""
    counts = _whole_weeks(frame, event_type)
    label = _NOUNS[event_type]
    if len(counts) < 2:
        return "It takes two whole weeks to compare."
    run = _run(counts)
    if run >= 2:
        way = "risen" if counts[-1] > counts[-2] else "fallen"
        return (
            f"{label} have {way} {counted(run, 'week')} in a row: {', '.join(number(n) for n in counts[-run - 1 :])}."
        )
    if min(counts) == max(counts):
        return f"{label} were the same in each of the last {counted(len(counts), 'whole week')}: {number(counts[0])}."
    return f"{label} of the last {counted(len(counts), 'whole week')} lie between {number(min(counts))} and {number(max(counts))}."


def _whole_weeks(frame: pl.DataFrame, event_type: str) -> list[int]:
    """Return the counts of the weeks that are whole, a week without an event as 0."""
    whole = frame.filter(~pl.col("partial"))
    if whole.is_empty():
        return []
    counts = dict(whole.filter(pl.col("event_type") == event_type).select("event_date", "count").iter_rows())
    first, last = whole["event_date"].sort()[[0, -1]]
    return [counts.get(first + timedelta(weeks=week), 0) for week in range((last - first).days // 7 + 1)]


def _run(counts: list[int]) -> int:
    """Return how many weeks in a row, up to the last, went the same way."""
    steps = [(b > a) - (b < a) for a, b in pairwise(counts)]
    run = 0
    for step in reversed(steps):
        if step == 0 or step != steps[-1]:
            break
        run += 1
    return run


def conversion(entered: Period, now: pl.DataFrame, before: pl.DataFrame | None, window: str = "7 days") -> str:
    """Say how many of those who entered in a period went on, from `wh.conversions(...)` of it and, if any, of days before."""
    row = now.row(0, named=True)
    if not row["visitors"]:
        return f"Nobody who came {days(entered)} has had the whole {window} yet, so there is no rate to tell."
    text = (
        f"Of {counted(row['visitors'], 'visitor')} who came {days(entered)} and whose {window} are over, {number(row['registrations'])} "
        f"({percent(row['registration_rate'])}) registered; of those, {number(row['deposits'])} "
        f"({percent(row['deposit_rate'])}) made a first deposit."
    )
    if before is None or before.item(0, "visitors") < ENOUGH_VISITS or row["visitors"] < ENOUGH_VISITS:
        return text
    then = before.item(0, "registration_rate")
    points = (row["registration_rate"] - then) * 100
    return f"{text} Before it was {percent(then)} who registered ({points:+.1f} points).".replace("-", "\u2212")


def refusals(frame: pl.DataFrame, received: int) -> str:
    """Say how much was refused and why, from `wh.refused(...)`; `received`: how many records became events."""
    refused = int(frame["count"].sum())
    if not refused:
        return "Nothing was refused in these days: all that was received could be counted or explained."
    reasons = frame.group_by("reason").agg(pl.col("count").sum()).sort("count", "reason", descending=[True, False])
    reason, most = reasons.row(0)
    return (
        f"{counted(refused, 'request')} of {number(refused + received)} ({percent(refused / (refused + received))}) "
        f"{'was' if refused == 1 else 'were'} refused, {number(most)} of them as {quoted(reason)}. "
        "`pixels rejected ls` shows them."
    )


def _leading(now: pl.DataFrame, before: pl.DataFrame | None) -> str | None:
    frames = [now] if before is None else [now, before]
    return next((name for name in _MEASURES if any(frame[name].sum() for frame in frames)), None)


def _beside(now: pl.DataFrame, before: pl.DataFrame, measure: str) -> pl.DataFrame:
    own = now.select("banner_tag", now=measure)
    return own.join(before.select("banner_tag", before=measure), on="banner_tag", how="full", coalesce=True)
