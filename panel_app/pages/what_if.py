"""What if: the counts by another rule, worked out from the records, beside what they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from panel_app.address import Address
from panel_app.blocks.accounting import TYPES
from panel_app.blocks.banners import heading_of
from panel_app.blocks.exports import exports
from panel_app.blocks.layout import section, stack
from panel_app.blocks.markup import text
from panel_app.blocks.what_if import FIRST_RULE, RULES, banners_twice, days_twice, head
from panel_app.figures import DAY, filtered, with_dimensions
from panel_app.notebook import only_banners
from panel_app.page import Go, Page, Shown
from panel_app.screen import Screen
from panel_app.situation import Situation
from panel_app.source import Answers, Standing
from pixels import Warehouse
from pixels.archive import NoArchive
from pixels.period import Period

_COUNTS = pl.col("count", "what_if", "difference").sum()


@dataclass(frozen=True)
class WhatIf:
    """What the page shows."""

    days: pl.DataFrame
    """`wh.what_if(..., per="day")` of the banners that the filters leave, with the other dimensions of banners."""
    problem: str = ""

    @property
    def has_events(self) -> bool:
        """Whether anything counts on these days, or would, or nobody knows."""
        return bool(self.problem) or not self.days.is_empty()

    def by(self, dimension: str, event_type: str) -> pl.DataFrame:
        """Return the sums of one event type: the dimension, count, what_if, difference."""
        return self.days.filter(event_type=event_type).group_by(dimension).agg(_COUNTS)


def read_what_if(answers: Answers, address: Address, where: Situation, standing: Standing) -> Iterator[WhatIf]:
    """Ask the snapshot and its archive."""
    try:
        days = answers.ask(_recounted, where.period, address.option("rule", FIRST_RULE))
    except NoArchive as error:
        yield WhatIf(pl.DataFrame(), str(error))
        return
    yield WhatIf(filtered(days, address))


def _recounted(warehouse: Warehouse, period: Period, rule: str) -> pl.DataFrame:
    return with_dimensions(warehouse, warehouse.what_if(rule, period.start, period.end, per="day"))


class WhatIfView:
    """The widgets of one session."""

    def __init__(self, go: Go, moves_address: bool) -> None:
        self._banners, self._days = (Screen(on_go=go, moves_address=moves_address) for _ in range(2))
        self._is_served = moves_address
        self._by_day = section(self._days)
        self.layout = stack(section(self._banners), self._by_day)

    def show(self, shown: Shown) -> None:
        """Draw both counts, by banner and by day."""
        answer: WhatIf = shown.answer
        address = shown.address
        self._by_day.visible = not answer.problem
        if answer.problem:
            self._banners.show(f'<p class="nothing">{text(answer.problem)}</p>')
            return
        rule, event_type = _asked(address)
        rows = banners_twice(answer.by(address.by, event_type), address.by, heading_of(address.by))
        self._banners.show(head(address, answer.days, rule, event_type) + rows + self._ways(address, "what-if"))
        by_day = f"<h2>{TYPES[event_type]} by day</h2>{days_twice(answer.by(DAY, event_type))}"
        self._days.show(by_day + self._ways(address, "days"))

    def _ways(self, address: Address, table: str) -> str:
        return exports(address, table, notebook=table == "what-if") if self._is_served else ""


def _asked(address: Address) -> tuple[str, str]:
    return address.option("rule", FIRST_RULE), address.option("type", "visit")


def _by_banner(shown: Shown) -> pl.DataFrame:
    """Return the sums of every type by the dimension; what could not be counted has no rows."""
    by, days = shown.address.by, shown.answer.days
    return days if shown.answer.problem else days.group_by("event_type", by).agg(_COUNTS).sort("event_type", by)


def _by_day(shown: Shown) -> pl.DataFrame:
    days = shown.answer.days
    return days if shown.answer.problem else days.group_by(DAY, "event_type").agg(_COUNTS).sort(DAY, "event_type")


def _cells(shown: Shown) -> list[str]:
    rule, event_type = _asked(shown.address)
    return [
        f"what_if = wh.what_if({rule!r}, start, end, by={shown.address.by!r}{only_banners(shown.address)})\nwhat_if",
        f"plots.what_if(what_if, {event_type!r})",
    ]


WHAT_IF = Page(
    slug="what-if",
    title="What if",
    read=read_what_if,
    view=WhatIfView,
    tables={"what-if": _by_banner, "days": _by_day},
    notebook=_cells,
    options={"rule": tuple(RULES), "type": tuple(TYPES)},
    is_in_more=True,
    filters=("days", "where", "by"),
)
