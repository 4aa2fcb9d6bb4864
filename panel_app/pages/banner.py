"""One banner: its figures, its trend, what became of all that it sent, and what explains another log's number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import polars as pl

from panel_app import words
from panel_app.address import Address
from panel_app.blocks.accounting import TYPES, accounting_table, days_table, other_log, row_by_row, types_choice
from panel_app.blocks.banners import heading_of
from panel_app.blocks.cards import cards
from panel_app.blocks.forms import hidden_fields
from panel_app.blocks.layout import section, side_by_side, stack
from panel_app.blocks.markup import link, name, text
from panel_app.blocks.trend import TrendSection
from panel_app.figures import TAG, Figures, read_figures
from panel_app.measures import BY_SLUG, VISITORS
from panel_app.page import Go, Page, Shown
from panel_app.pages.overview import trend_rows
from panel_app.screen import Screen
from panel_app.situation import Situation
from panel_app.source import Answers, Standing
from pixels import Warehouse
from pixels.period import Period

MOST_DIGITS = 12
"""Of the number that another log says."""


@dataclass(frozen=True)
class OneBanner:
    """What the page shows of a banner."""

    figures: Figures
    accounts: pl.DataFrame
    """`wh.accounting` of the days."""
    known: pl.DataFrame
    """The row of `wh.known_banners`, and the parts of the tag: no row when there is no banner of that tag."""


def read_banner(answers: Answers, address: Address, where: Situation, standing: Standing) -> Iterator[OneBanner]:
    """Ask the snapshot for one banner."""
    tag = address.option("tag")
    alone = replace(address, where=((TAG, tag),))
    accounts = answers.ask(_accounting, where.period, tag)
    known = answers.ask(_known, tag)
    for figures in read_figures(answers, alone, where, standing):
        yield OneBanner(figures, accounts, known)


def _accounting(warehouse: Warehouse, period: Period, tag: str) -> pl.DataFrame:
    return warehouse.accounting(period.start, period.end, banner=tag)


def _known(warehouse: Warehouse, tag: str) -> pl.DataFrame:
    row = pl.DataFrame({TAG: [tag]})
    for dimension in warehouse.dimensions[1:]:
        row = warehouse.add_dimension(row, dimension)
    return row.join(warehouse.known_banners().select(TAG, "cost"), on=TAG, how="left")


class BannerView:
    """The widgets of one session."""

    def __init__(self, go: Go, moves_address: bool) -> None:
        self._head, self._sums, self._days, self._log = (
            Screen(on_go=go, moves_address=moves_address) for _ in range(4)
        )
        self._trend = TrendSection(go, moves_address)
        self.layout = stack(
            self._head,
            side_by_side(self._trend.layout, section(self._sums, self._log)),
            section(self._days),
        )

    def show(self, shown: Shown) -> None:
        """Draw the banner."""
        one: OneBanner = shown.answer
        address, tag = shown.address, shown.address.option("tag")
        measure = BY_SLUG[address.option("metric", VISITORS.slug)]
        figures = replace(shown, answer=one.figures)
        event_type = address.option("type", "visit")
        self._head.show(_head(tag, one, shown) + cards(figures, measure.slug))
        self._trend.show(figures, measure)
        self._sums.show(f"<h2>What became of all that was received</h2>{accounting_table(one.accounts)}")
        theirs = address.option("theirs")
        fields = hidden_fields(address.with_options(theirs=None))
        self._log.show(
            f'<div class="line"><h2>The affiliate&rsquo;s log says otherwise?</h2>{types_choice(address, event_type)}</div>'
            + other_log(
                one.accounts,
                event_type,
                tag,
                int(theirs) if theirs.isdecimal() and len(theirs) <= MOST_DIGITS else None,
                fields,
            )
            + (row_by_row(event_type, tag, shown.situation.period) if shown.sees_people else "")
        )
        self._days.show(f"<h2>{TYPES[event_type]} by day</h2>{days_table(one.accounts, shown, event_type, tag)}")


def _head(tag: str, one: OneBanner, shown: Shown) -> str:
    back = link(shown.address.at("banners"), "All banners", css="more")
    said = [
        f"{text(heading_of(dimension))} <b>{name(value)}</b>"
        for dimension, value in one.known.row(0, named=True).items()
        if dimension not in (TAG, "cost") and value is not None
    ]
    cost = one.known.item(0, "cost")
    said += [f"Cost <b>{words.price(cost)}</b>"] if cost is not None else []
    unknown = (
        ""
        if one.figures.has_events or one.accounts.height
        else f'<p class="nothing">Nothing was received for this banner {text(words.days(shown.situation.period))}.</p>'
    )
    return f'<div class="line"><h2 class="subject">{name(tag)}</h2>{back}</div><p class="note about">{" · ".join(said)}</p>{unknown}'


def _trend(shown: Shown) -> pl.DataFrame:
    return trend_rows(replace(shown, answer=shown.answer.figures))


def _cells(shown: Shown) -> list[str]:
    tag = shown.address.option("tag")
    return [
        f"banner = {tag!r}\nwh.summary(start, end, banner=banner)",
        "wh.accounting(start, end, banner=banner)",
        'wh.why(end, "visit", banner)',
        "plots.accounting(wh.accounting(start, end, banner=banner))",
    ]


BANNER = Page(
    slug="banner",
    title="Banner",
    read=read_banner,
    view=BannerView,
    tables={"trend": _trend, "accounting": lambda shown: shown.answer.accounts},
    notebook=_cells,
    options={"tag": None, "metric": tuple(BY_SLUG), "type": tuple(TYPES), "theirs": None},
    is_in_navigation=False,
    filters=("days", "against"),
)
