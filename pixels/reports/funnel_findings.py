"""Sentences about the way from visit to deposit: how long it takes, where it stands out by banner, and how it changes."""

from __future__ import annotations

from math import sqrt

import polars as pl

from pixels.reports.words import quoted
from pixels.words import counted, percent

ENOUGH_ENTERED = 100
"""People below which a banner's rate is left to chance, and not compared."""
_CHANCE = 2.0
_DONE = {"visit": "visited", "registration": "registered", "deposit": "deposited"}
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def time_taken(frame: pl.DataFrame) -> str:
    """Say how long the steps take from the entry, from `wh.funnel(...)`: medians, and how long it takes nine of ten."""
    told = [
        f"Half of those who {_DONE[row['event_type']]} had done so {_duration(row['median_seconds_from_entry'])} after they came, "
        f"nine of ten {_duration(row['p90_seconds_from_entry'])} after."
        for row in frame.filter(pl.col("step") > 1).sort("step").iter_rows(named=True)
        if row["median_seconds_from_entry"] is not None
    ]
    return " ".join(told) or "Nobody went on, so there is no time to tell."


def _duration(seconds: float) -> str:
    """Write a time in its largest unit: 17 minutes, 2.1 days."""
    for length, unit in _UNITS:
        if seconds >= length:
            amount = f"{seconds / length:.1f}".removesuffix(".0")
            return f"{amount} {unit}{'' if amount == '1' else 's'}"
    return counted(round(seconds), "second")


def standing_out(frame: pl.DataFrame) -> str:
    """Say which banners' visitors register more or less often than all, beyond chance, from `wh.conversions(by="banner_tag")`.

    A rate stands out when it differs from that of all by more than two standard errors (binomial, the rate of all).
    """
    enough = frame.filter(pl.col("visitors") >= ENOUGH_ENTERED)
    if enough.height < 2:
        return f"It takes two banners with {ENOUGH_ENTERED} visitors or more whose days are over to compare."
    whole = _rate(frame)
    rows = enough.sort("registration_rate", "banner_tag", descending=[True, False]).to_dicts()
    beyond = [
        row
        for row in (rows[0], rows[-1])
        if abs(row["registration_rate"] - whole) > _CHANCE * sqrt(whole * (1 - whole) / row["visitors"])
    ]
    if not beyond:
        return f"No banner stands out: all are about {percent(whole)}, as far as chance lets one tell."
    told = " and ".join(f"{quoted(row['banner_tag'])} {percent(row['registration_rate'])}" for row in beyond)
    return f"Of all visitors {percent(whole)} registered; of those of {told}."


def over_time(frame: pl.DataFrame) -> str:
    """Say how the rate of registration went, from `wh.conversions(per="day")`: the later half of the days against the earlier."""
    days = frame.filter(pl.col("visitors") > 0).sort("entry_date")
    half = days.height // 2
    if half == 0:
        return "It takes two days whose windows are over to compare."
    earlier, later = days.head(half), days.tail(half)
    before, after, together = _rate(earlier), _rate(later), _rate(days)
    error = sqrt(together * (1 - together) * (1 / _sum(earlier, "visitors") + 1 / _sum(later, "visitors")))
    if abs(after - before) <= _CHANCE * error:
        return (
            f"The share that registered did not change by more than chance: {percent(before)}, then {percent(after)}."
        )
    way = "rose" if after > before else "fell"
    return f"The share that registered {way} from {percent(before)} to {percent(after)} between the two halves of these days."


def first_deposits(cohorts: pl.DataFrame) -> str:
    """Say how many of those who registered had made a first deposit by the end of that week, from `wh.cohorts(...)`."""
    weeks = cohorts.filter(pl.col("offset") == 0)
    players, paid = _sum(weeks, "players"), _sum(weeks, "first_depositors")
    if not players:
        return "Nobody registered in these days."
    return (
        f"Of {counted(players, 'player')} who registered in these days, {paid:,} ({percent(paid / players)}) had made a first deposit "
        "by the end of the week of their registration."
    )


def _rate(frame: pl.DataFrame) -> float:
    """Return the share of all visitors that registered: sums are divided, rates never averaged."""
    return _sum(frame, "registrations") / _sum(frame, "visitors")


def _sum(frame: pl.DataFrame, column: str) -> int:
    return int(frame[column].sum())
