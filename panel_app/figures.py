"""What the overview and the banners page count: of all banners that the filters leave, and of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import polars as pl

from panel_app.address import Address
from panel_app.situation import Situation
from panel_app.source import Answers, Standing
from pixels import Warehouse
from pixels.period import Period

TAG, DAY = "banner_tag", "event_date"
WINDOW_DAYS = 7


@dataclass(frozen=True)
class Days:
    """Some days, by day and banner, of the banners that the filters leave."""

    period: Period
    activity: pl.DataFrame
    """`wh.daily(by="banner_tag")`."""
    entries: pl.DataFrame | None = None
    """`wh.conversions(by="banner_tag", per="day")`; None: not known yet."""
    money: pl.DataFrame = field(default_factory=pl.DataFrame)
    """`wh.money(by="banner_tag", per="day")`."""


@dataclass(frozen=True)
class Figures:
    """What a page of figures shows. Every sum on it is of these frames, so that no two figures disagree."""

    now: Days
    before: Days | None
    """The days to compare with; which figures may be compared with them the situation says."""
    dimensions: pl.DataFrame
    """A row a banner: banner_tag, and the other dimensions of banners."""
    costs: pl.DataFrame
    """banner_tag, cost: of the banners whose cost is known."""
    stood_out: pl.DataFrame | None = None
    """event_date, measure: days whose counts, of the banners that are shown, stood out; None: not known (yet)."""

    @property
    def has_events(self) -> bool:
        """Whether anything is counted in the period, with these filters."""
        return not self.now.activity.is_empty()

    @cached_property
    def currency(self) -> str | None:
        """The currency of most signed transactions of the days, then of most; None: no amount was sent."""
        sums = self.now.money.group_by("currency").agg(pl.col("signed_transactions", "transactions").sum())
        most = sums.drop_nulls("currency").sort("signed_transactions", "transactions", "currency", descending=True)
        return None if most.is_empty() else str(most["currency"][0])


def read_figures(answers: Answers, address: Address, where: Situation, standing: Standing) -> Iterator[Figures]:
    """Ask the snapshot: first what is quick to count, then conversions, whose people have to be followed."""
    figures = _activity(answers, address, where)
    yield figures
    before = figures.before
    whole = replace(
        figures,
        now=_with_entries(answers, figures.now, address),
        before=None if before is None else _with_entries(answers, before, address),
    )
    yield whole
    if watched(address):
        yield replace(whole, stood_out=_stood_out(answers, where, address))


def watched(address: Address) -> bool:
    """Whether what is shown is one series that anomalies are looked for in: all banners together, or one."""
    return not address.where or (len(address.where) == 1 and address.where[0][0] == TAG)


def _stood_out(answers: Answers, where: Situation, address: Address) -> pl.DataFrame:
    found = answers.ask(_anomalies, where.period)
    of = pl.col("is_total") if not address.where else ~pl.col("is_total") & (pl.col(TAG) == address.where[0][1])
    return found.filter(of).select(DAY, "measure")


def _anomalies(warehouse: Warehouse, period: Period) -> pl.DataFrame:
    return warehouse.anomalies(period.start, period.end, rates=False)


def _activity(answers: Answers, address: Address, where: Situation) -> Figures:
    now = answers.ask(_daily, where.period)
    earlier = where.earlier
    before = None if earlier is None else answers.ask(_daily, earlier)
    dimensions = answers.ask(dimensions_of, where.period, earlier)
    kept = filtered(dimensions, address)[TAG]

    def days(period: Period, activity: pl.DataFrame) -> Days:
        money = answers.ask(money_by_day, period)
        return Days(period, _of(activity, kept, address), money=_of(money, kept, address))

    return Figures(
        now=days(where.period, now),
        before=None if earlier is None or before is None else days(earlier, before),
        dimensions=dimensions,
        costs=answers.ask(_costs),
    )


def _with_entries(answers: Answers, days: Days, address: Address) -> Days:
    entries = answers.ask(_entries, days.period)
    kept = filtered(answers.ask(dimensions_of, days.period, None), address)[TAG]
    return replace(days, entries=_of(entries, kept, address))


def filtered(dimensions: pl.DataFrame, address: Address) -> pl.DataFrame:
    """Keep the banners that have one of the values of every dimension that is filtered."""
    wanted: dict[str, list[str | None]] = {}
    for dimension, value in address.where:
        wanted.setdefault(dimension, []).append(value)
    for dimension, values in wanted.items():
        named = pl.col(dimension).is_in([value for value in values if value is not None])
        dimensions = dimensions.filter((named | pl.col(dimension).is_null()) if None in values else named)
    return dimensions


def _of(frame: pl.DataFrame, kept: pl.Series, address: Address) -> pl.DataFrame:
    return frame.filter(pl.col(TAG).is_in(kept.implode())) if address.where else frame


def _daily(warehouse: Warehouse, period: Period) -> pl.DataFrame:
    return warehouse.daily(period.start, period.end, by=TAG)


def _entries(warehouse: Warehouse, period: Period) -> pl.DataFrame:
    return warehouse.conversions(period.start, period.end, by=TAG, per="day")


def dimensions_of(warehouse: Warehouse, period: Period, earlier: Period | None) -> pl.DataFrame:
    """Return what is known of every banner that has anything in the days: banner_tag and the other dimensions."""
    days = [period] if earlier is None else [period, earlier]
    tags = pl.concat([warehouse.banners(one.start, one.end).select(TAG) for one in days]).unique().sort(TAG)
    return with_dimensions(warehouse, tags)


def with_dimensions(warehouse: Warehouse, frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame by banner with the other dimensions of each row's banner; rows stay in order."""
    for dimension in warehouse.dimensions:
        frame = frame if dimension == TAG else warehouse.add_dimension(frame, dimension)
    return frame


def money_by_day(warehouse: Warehouse, period: Period) -> pl.DataFrame:
    """Return what deposits were worth, by day, banner and currency."""
    return warehouse.money(period.start, period.end, by=TAG, per="day")


def _costs(warehouse: Warehouse) -> pl.DataFrame:
    return warehouse.known_banners().select(TAG, "cost").drop_nulls()
