"""The overview: what changed, the figures, one trend, and the banners that brought the most."""

from __future__ import annotations

from panel_app import words
from panel_app.blocks.banners import SORTS, banner_rows, banners_table, heading_of, sorted_rows
from panel_app.blocks.cards import cards
from panel_app.blocks.layout import section, side_by_side, stack
from panel_app.blocks.markup import link, sentence, text
from panel_app.blocks.trend import TrendSection
from panel_app.figures import read_figures
from panel_app.measures import BY_SLUG, VISITORS
from panel_app.page import Go, Page, Shown
from panel_app.screen import Screen
from panel_app.sentence import sentence as what_changed

ROWS = 10


class OverviewView:
    """The widgets of one session."""

    def __init__(self, go: Go, moves_address: bool) -> None:
        self._top, self._banners = (Screen(on_go=go, moves_address=moves_address) for _ in range(2))
        self._trend = TrendSection(go, moves_address)
        self.layout = stack(self._top, side_by_side(self._trend.layout, section(self._banners)))

    def show(self, shown: Shown) -> None:
        """Draw the figures."""
        measure = BY_SLUG[shown.address.option("metric", VISITORS.slug)]
        self._top.show(_sentence(shown) + cards(shown, measure.slug))
        self._trend.show(shown, measure)
        self._banners.show(_banners(shown))


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


OVERVIEW = Page(
    slug="",
    title="Overview",
    read=read_figures,
    view=OverviewView,
    options={"metric": tuple(BY_SLUG), "sort": SORTS, "order": ("up",)},
)
