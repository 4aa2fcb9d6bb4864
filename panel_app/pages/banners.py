"""All banners of the days: sorted, searched, and each with a page of its own."""

from __future__ import annotations

import polars as pl

from panel_app import words
from panel_app.blocks.banners import SORTS, banner_rows, banners_table, heading_of, sorted_rows
from panel_app.blocks.exports import exports
from panel_app.blocks.forms import hidden_fields
from panel_app.blocks.layout import section, stack
from panel_app.blocks.markup import link, text
from panel_app.figures import read_figures
from panel_app.page import Go, Page, Shown
from panel_app.pages.overview import banner_table_rows, overview_cells
from panel_app.screen import Screen

ROWS, MORE_ROWS = 50, 100


class BannersView:
    """The widgets of one session."""

    def __init__(self, go: Go, moves_address: bool) -> None:
        self._search, self._table = (Screen(on_go=go, moves_address=moves_address) for _ in range(2))
        self._is_served = moves_address
        self.layout = stack(section(self._search, self._table))

    def show(self, shown: Shown) -> None:
        """Draw the rows that the search leaves."""
        address = shown.address
        sort, upwards = address.option("sort", "ftd"), address.option("order") == "up"
        rows = banner_rows(shown.answer, shown.situation, address.by)
        found = _found(rows, address.by, address.option("q"))
        drawn = sorted_rows(found, address.by, sort, upwards=upwards)
        limit = int(address.option("rows", str(ROWS)))
        self._search.show(_head(shown, rows.height, found.height))
        table = banners_table(shown, drawn.head(limit), sort, upwards=upwards, bars=True)
        more = ""
        if found.height > limit:
            more = link(
                address.with_options(rows=str(limit + MORE_ROWS)),
                f"Show {words.number(min(MORE_ROWS, found.height - limit))} more",
                css="more",
            )
        nothing = '<p class="nothing">No banner has this in its name.</p>' if rows.height and found.is_empty() else ""
        ways = exports(address, "banners", notebook=True) if self._is_served else ""
        self._table.show(f'{nothing or table}<div class="line">{more}{ways}</div>')


def _found(rows: pl.DataFrame, by: str, search: str) -> pl.DataFrame:
    """Keep the values that hold the text, in whatever case."""
    if not search:
        return rows
    held = pl.col(by).fill_null("(none)").str.to_lowercase().str.contains(search.lower(), literal=True)
    return rows.filter(held)


def _head(shown: Shown, everything: int, found: int) -> str:
    address = shown.address
    heading = "Banners" if address.by == "banner_tag" else heading_of(address.by)
    number = words.number(found) if found == everything else f"{words.number(found)} of {words.number(everything)}"
    fields = hidden_fields(address.with_options(q=None, rows=None))
    return (
        f'<div class="line"><h2>{text(heading)} <span class="muted">{number}</span></h2>'
        f'<form data-go action="./banners" role="search">{fields}<input type="search" name="q" '
        f'value="{text(address.option("q"))}" placeholder="Search" aria-label="Search {text(heading.lower())}"></form></div>'
    )


def _all_found(shown: Shown) -> pl.DataFrame:
    """Return every row that the search leaves, in the order of the table."""
    return _found(banner_table_rows(shown), shown.address.by, shown.address.option("q"))


BANNERS = Page(
    slug="banners",
    title="Banners",
    read=read_figures,
    view=BannersView,
    tables={"banners": _all_found},
    notebook=overview_cells,
    options={"sort": SORTS, "order": ("up",), "q": None, "rows": tuple(str(n) for n in range(ROWS, 10_050, 50))},
)
