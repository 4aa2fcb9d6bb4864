"""One affiliate's share of the numbers: what a report that is sent out may show, and nothing of anybody else."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pixels.accounting import ACCOUNTS
from pixels.period import Period
from pixels.reports.words import listed, quoted
from pixels.warehouse import Warehouse
from pixels.words import counted, number, percent

_COUNTS = ("received", *ACCOUNTS)
_TYPES = {"visit": "visits", "registration": "registrations", "deposit": "deposits"}
_BECAUSE = {
    "same_player_again": "came from somebody who was counted already that day",
    "credited_to_another_banner": "came from somebody whose earlier event of the day belongs to another banner",
    "same_event_again": "repeated an event",
    "bots": "came from crawlers that say so",
}


def affiliates(wh: Warehouse, period: Period, dimension: str = "affiliate") -> list[str]:
    """Return the names that the dimension has among banners with events in these days, those with most visitors first."""
    return wh.banners(period.start, period.end, by=dimension)[dimension].drop_nulls().to_list()


def tags_of(wh: Warehouse, period: Period, affiliate: str, dimension: str = "affiliate") -> list[str]:
    """Return the tags of an affiliate's banners that have events in these days, by name. Raises BadParameter: no such dimension."""
    tags = wh.banners(period.start, period.end).select("banner_tag")
    named = tags if dimension == "banner_tag" else wh.add_dimension(tags, dimension)
    return named.filter(pl.col(dimension) == affiliate)["banner_tag"].sort().to_list()


def whose(affiliate: str, tags: Sequence[str], names: Sequence[str], dimension: str = "affiliate") -> str:
    """Say whose report it is, and of which banners; or whom one can choose."""
    if affiliate and tags:
        return f"{quoted(affiliate)} has {counted(len(tags), 'banner')} with events in these days: {listed([*map(quoted, tags)], 5)}."
    if affiliate:
        told = f"No banner of {quoted(affiliate)} has an event in these days."
    else:
        told = f"This report is of one {dimension}: give its name as the parameter `affiliate`."
    if names:
        return f"{told} There is {listed([*map(quoted, names)], 10)}."
    return f"{told} No banner with events has a known {dimension}: `pixels banners import` says whose each banner is."


def accounted(wh: Warehouse, period: Period, tags: Sequence[str]) -> pl.DataFrame:
    """Return what became of all that these banners sent: a row an event type, event_type and the sums of `wh.accounting`."""
    rows = wh.accounting(period.start, period.end, banner=list(tags)) if tags else wh.accounting(period.start).clear()
    order = pl.col("event_type").replace_strict({name: place for place, name in enumerate(_TYPES)})
    return rows.group_by("event_type").agg(pl.col(_COUNTS).sum()).sort(order)


def difference(frame: pl.DataFrame) -> str:
    """Say from what `accounted` returns why another log may say more than what is counted."""
    told = [_of_type(row) for row in frame.iter_rows(named=True) if row["received"] > row["counted"]]
    if frame.is_empty():
        return "Nothing was received, so there is nothing to explain."
    return " ".join(told) or "Every event that was received counted, so another log should say the same."


def _of_type(row: dict[str, int]) -> str:
    reasons = [f"{number(row[name])} {because}" for name, because in _BECAUSE.items() if row[name]]
    name = _TYPES[str(row["event_type"])]
    return (
        f"Of {number(row['received'])} {name} received, {number(row['counted'])} "
        f"({percent(row['counted'] / row['received'])}) counted: {listed(reasons, 4)}."
    )
