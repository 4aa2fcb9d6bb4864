"""The figures of a period, each with what it means."""

from __future__ import annotations

from typing import Any

import polars as pl

from pixels.compared import NEEDS, comparable_days, earlier_days
from pixels.period import Period
from pixels.reports.days import today
from pixels.reports.elements import table
from pixels.warehouse import Warehouse

_OF_PLAYERS = {
    "daily_unique_visitors": ("Daily unique visitors", "A person counts once a day; the days are added up."),
    "unique_visitors": ("Unique visitors", "Different ids; somebody who visited before and after signing up has two."),
    "registrations": ("Registrations", "Players who registered for the first time."),
    "ftd": ("FTD", "Players who made their first deposit, at or after a registration that Pixels holds."),
    "first_deposits_without_registration": (
        "First deposits without registration",
        "First deposits of players whose registration Pixels does not hold; not in FTD.",
    ),
    "deposit_days": ("Deposit days", "A player who deposits counts once a day; the days are added up."),
    "deposit_transactions": ("Deposit transactions", "Every transaction counts once, however often it was sent."),
}
_OF_A_BANNER = {
    "visits": ("Daily unique visitors", "A person counts once a day, for the banner of the day's first visit."),
    "registrations": ("Registrations", "A player counts once a day, for the banner of the day's first registration."),
    "deposits": ("Deposit days", "A player counts once a day, for the banner of the day's first deposit."),
}
_NEEDS = {"visits": ["visit"], "registrations": ["registration"], "deposits": ["deposit"]}
_change_in_percent = pl.when(pl.col("before") > 0).then((pl.col("now") / pl.col("before") - 1) * 100)


def figures(wh: Warehouse, period: Period, banner: str = "") -> pl.DataFrame:
    """Return one row: `wh.kpis` of the period, or for one banner its sums of daily counts (visits, registrations, deposits)."""
    if not banner:
        return wh.kpis(period.start, period.end)
    return (
        wh.banners(period.start, period.end).filter(pl.col("banner_tag") == banner).select(pl.col(*_OF_A_BANNER).sum())
    )


def figures_before(wh: Warehouse, period: Period, banner: str = "") -> pl.DataFrame | None:
    """Return the same row of as many days just before; null where a change would mislead, None where all are.

    It would for days that go on, and against days on which what is counted was not sent yet (`wh.compare`).
    """
    needs = {name: _NEEDS[name] for name in _OF_A_BANNER} if banner else {name: NEEDS[name] for name in _OF_PLAYERS}
    first, day = wh.first_days(), today(wh)
    fair = [name for name, event_types in needs.items() if comparable_days(period, day, first, event_types)]
    before = earlier_days(period) if fair else None
    if before is None:
        return None
    return figures(wh, before, banner).select(
        pl.col(name) if name in fair else pl.lit(None, pl.Int64).alias(name) for name in needs
    )


def figure_table(now: pl.DataFrame, before: pl.DataFrame | None = None) -> Any:
    """Show what `figures` returned, a line a figure with its meaning; `before`: the same of as many days before."""
    meanings = _OF_PLAYERS if "ftd" in now.columns else _OF_A_BANNER
    headings = {"figure": "Figure", "meaning": "What it means", "now": "These days"}
    rows = pl.DataFrame(
        {"figure": label, "meaning": meaning, "now": now.item(0, name)} for name, (label, meaning) in meanings.items()
    )
    if before is not None:
        headings |= {"before": "As many days before", "change": "Change, %"}
        then = pl.Series("before", [before.item(0, name) for name in meanings])
        rows = rows.with_columns(then).with_columns(change=_change_in_percent)
    return table(rows, headings)
