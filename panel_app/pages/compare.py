"""Compare: which banner is better, how sure that is, and what it does not prove."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from panel_app.address import Address
from panel_app.blocks.banners import heading_of
from panel_app.blocks.compared_banners import FIRST_MEASURE, intervals, measures_choice, verdict
from panel_app.blocks.exports import exports
from panel_app.blocks.layout import section, stack
from panel_app.figures import TAG, filtered, with_dimensions
from panel_app.notebook import of_banners
from panel_app.page import Go, Page, Shown
from panel_app.periods import NINETY_DAYS
from panel_app.screen import Screen
from panel_app.situation import Situation
from panel_app.source import Answers, Standing
from pixels import Warehouse
from pixels.compared_banners import MEASURES, compared_banners
from pixels.period import Period

_COUNTS = pl.col(*dict.fromkeys(name for both in MEASURES.values() for name in both), "immature").sum()


@dataclass(frozen=True)
class Comparison:
    """What the page shows."""

    compared: pl.DataFrame
    """`wh.compare_banners` by the dimension, of the banners that the filters leave."""

    @property
    def has_events(self) -> bool:
        """Whether anybody entered."""
        return not self.compared.is_empty()


def read_comparison(answers: Answers, address: Address, where: Situation, standing: Standing) -> Iterator[Comparison]:
    """Ask the snapshot, and compare what the filters leave."""
    entered = filtered(answers.ask(_entered, where.period), address)
    of_value = entered.group_by(address.by).agg(_COUNTS)
    yield Comparison(compared_banners(of_value, address.by, address.option("measure", FIRST_MEASURE)))


def _entered(warehouse: Warehouse, period: Period) -> pl.DataFrame:
    """Return the conversions of each banner, with the other dimensions of it: everybody is under one banner, so they add up."""
    return with_dimensions(warehouse, warehouse.conversions(period.start, period.end, by=TAG))


class CompareView:
    """The widgets of one session."""

    def __init__(self, go: Go, moves_address: bool) -> None:
        self._screen = Screen(on_go=go, moves_address=moves_address)
        self._is_served = moves_address
        self.layout = stack(section(self._screen))

    def show(self, shown: Shown) -> None:
        """Draw the sentence, and the intervals below it."""
        address, compared = shown.address, shown.answer.compared
        measure, heading = address.option("measure", FIRST_MEASURE), heading_of(address.by)
        ways = exports(address, "compare", notebook=True) if self._is_served else ""
        self._screen.show(
            f"<h2>Which {heading.lower()} is better?</h2>{measures_choice(address, measure)}{verdict(compared, measure)}"
            f"{intervals(compared, heading, measure)}{ways}"
        )


def _cells(shown: Shown) -> list[str]:
    address = shown.address
    by, measure = address.by, address.option("measure", FIRST_MEASURE)
    asked = f"compared = wh.compare_banners(start, end, by={by!r}, measure={measure!r})\ncompared"
    if address.where:
        split = "" if by == TAG else f"entered = wh.add_dimension(entered, {by!r})\n"
        asked = (
            f"from pixels.compared_banners import compared_banners\n\nentered = wh.conversions(start, end, by={TAG!r}){of_banners(address)}\n"
            f"{split}entered = entered.group_by({by!r}).agg(pl.col(pl.Int64).sum())\n"
            f"compared = compared_banners(entered, {by!r}, {measure!r})\ncompared"
        )
    return [
        asked,
        "plots.compare_banners(compared)",
        f"from pixels.banner_verdict import banner_verdict\n\nbanner_verdict(compared, {measure!r})",
    ]


COMPARE = Page(
    slug="compare",
    title="Compare",
    read=read_comparison,
    view=CompareView,
    tables={"compare": lambda shown: shown.answer.compared},
    notebook=_cells,
    options={"measure": tuple(MEASURES)},
    is_in_more=True,
    default_days=NINETY_DAYS,
    filters=("days", "where", "by"),
)
