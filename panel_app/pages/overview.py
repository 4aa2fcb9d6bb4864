"""The overview: what changed, the figures, one trend, and the banners that brought the most."""

from __future__ import annotations

import polars as pl

from panel_app import words
from panel_app.blocks.banners import SORTS, banner_rows, banners_table, heading_of, sorted_rows
from panel_app.blocks.cards import cards
from panel_app.blocks.exports import exports
from panel_app.blocks.layout import section, side_by_side, stack
from panel_app.blocks.markup import link, sentence, text
from panel_app.blocks.trend import TrendSection, trend_frame
from panel_app.figures import TAG, read_figures
from panel_app.measures import BY_SLUG, VISITORS, Measure, chosen_measure
from panel_app.notebook import of_banners, only_banners
from panel_app.page import Go, Page, Shown
from panel_app.screen import Screen
from panel_app.sentence import sentence as what_changed

ROWS = 10


class OverviewView:
    """The widgets of one session."""

    def __init__(self, go: Go, moves_address: bool) -> None:
        self._top, self._banners = (Screen(on_go=go, moves_address=moves_address) for _ in range(2))
        self._trend = TrendSection(go, moves_address)
        self._is_served = moves_address
        self.layout = stack(self._top, side_by_side(self._trend.layout, section(self._banners)))

    def show(self, shown: Shown) -> None:
        """Draw the figures."""
        measure = _measure(shown)
        self._top.show(_sentence(shown) + cards(shown, measure.slug))
        self._trend.show(shown, measure)
        self._banners.show(_banners(shown) + (exports(shown.address, "banners") if self._is_served else ""))


def _measure(shown: Shown) -> Measure:
    return chosen_measure(shown.address.option("metric", VISITORS.slug), shown.answer)


def _sentence(shown: Shown) -> str:
    return f'<p class="sentence">{sentence(what_changed(shown.answer, shown.situation))}</p>'


def _banners(shown: Shown) -> str:
    address = shown.address
    sort, upwards = address.option("sort", "ftd"), address.option("order") == "up"
    rows = banner_rows(shown.answer, shown.situation, address.by)
    drawn = sorted_rows(rows, address.by, sort, upwards=upwards)
    more = rows.height - ROWS
    rest = f"all {words.number(rows.height)}" if more > 0 else "more about each"
    way = link(address.at("banners"), rest, css="more")
    heading = "Banners" if address.by == "banner_tag" else heading_of(address.by)
    return f'<div class="line"><h2>{text(heading)}</h2>{way}</div>' + banners_table(
        shown, drawn.head(ROWS), sort, upwards=upwards
    )


def trend_rows(shown: Shown) -> pl.DataFrame:
    """Return the trend as it is drawn: event_date, value, partial, before_date, before."""
    return trend_frame(_measure(shown), shown.answer, shown.situation)


def banner_table_rows(shown: Shown) -> pl.DataFrame:
    """Return every row of the table of banners, in its order."""
    address = shown.address
    rows = banner_rows(shown.answer, shown.situation, address.by)
    return sorted_rows(rows, address.by, address.option("sort", "ftd"), upwards=address.option("order") == "up")


def overview_cells(shown: Shown) -> list[str]:
    """Return the code that asks what the overview shows; of filtered banners that is by banner, since only these can be chosen."""
    address = shown.address
    by, kept = (TAG if address.where else address.by), of_banners(address)
    only = only_banners(address)
    compared = "wh.compare(start, end)" if shown.situation.running_day is None else "wh.today()"
    return [
        f"figures = wh.kpis(start, end, by={by!r}){kept}\nfigures",
        *([] if address.where else [compared]),
        f"wh.conversions(start, end, by={by!r}){kept}",
        f"wh.money(start, end, by={address.by!r}{only})",
        "plots.metrics(wh.metrics(start, end))" if not kept else f"plots.summary(wh.summary(start, end{only}))",
    ]


OVERVIEW = Page(
    slug="",
    title="Overview",
    read=read_figures,
    view=OverviewView,
    tables={"trend": trend_rows, "banners": banner_table_rows},
    notebook=overview_cells,
    options={"metric": tuple(BY_SLUG), "sort": SORTS, "order": ("up",)},
)
