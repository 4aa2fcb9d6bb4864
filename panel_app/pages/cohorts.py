"""Cohorts: of the players who registered in a week or month, how many deposited by when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import polars as pl

from panel_app import words
from panel_app.address import Address
from panel_app.blocks.exports import exports
from panel_app.blocks.forecast import FIRST_WINDOW, WINDOWS, forecast_section
from panel_app.blocks.layout import section, stack
from panel_app.blocks.markup import link, text
from panel_app.page import Go, Page, Shown
from panel_app.periods import NINETY_DAYS
from panel_app.screen import Screen
from panel_app.situation import Situation
from panel_app.source import Answers, Standing
from pixels import Warehouse
from pixels.period import Period
from pixels.reports.forecast_findings import slow_ones

PERIODS = ("week", "month")
MEASURES = {
    "first": ("first_deposit_rate", "first_depositors", "First deposit made by then"),
    "repeat": ("repeat_deposit_rate", "repeat_depositors", "Deposited on a second day by then"),
    "active": ("active_rate", "active_depositors", "Deposited in it"),
}


@dataclass(frozen=True)
class Cohorts:
    """What the page shows."""

    cells: pl.DataFrame
    """`wh.cohorts` of the days."""
    forecast: pl.DataFrame | None = None
    """`wh.forecast` of the days; None: not known yet."""
    curve: pl.DataFrame | None = None
    """`wh.time_to_convert` of the days."""
    slow: str = ""
    """Whose people take long, in a sentence."""

    @property
    def has_events(self) -> bool:
        """Whether anybody registered."""
        return not self.cells.is_empty()


def read_cohorts(answers: Answers, address: Address, where: Situation, standing: Standing) -> Iterator[Cohorts]:
    """Ask the snapshot: first what came, then what is still expected."""
    per, within = address.option("per", PERIODS[0]), address.option("within", FIRST_WINDOW)
    cohorts = Cohorts(answers.ask(_cohorts, where.period, per))
    yield cohorts
    forecast = answers.ask(_forecast, where.period, per, within)
    curve = answers.ask(_curve, where.period, within)
    cohorts = replace(cohorts, forecast=forecast, curve=curve)
    yield cohorts
    yield replace(cohorts, slow=slow_ones(curve, answers.ask(_curve, where.period, within, "banner_tag")))


def _cohorts(warehouse: Warehouse, period: Period, per: str) -> pl.DataFrame:
    return warehouse.cohorts(period.start, period.end, by=per)


def _forecast(warehouse: Warehouse, period: Period, per: str, within: str) -> pl.DataFrame:
    return warehouse.forecast(period.start, period.end, by=per, within=within)


def _curve(warehouse: Warehouse, period: Period, within: str, by: str | None = None) -> pl.DataFrame:
    return warehouse.time_to_convert(period.start, period.end, by=by, within=within)


class CohortsView:
    """The widgets of one session."""

    def __init__(self, go: Go, moves_address: bool) -> None:
        self._screen, self._forecast = (Screen(on_go=go, moves_address=moves_address) for _ in range(2))
        self._is_served = moves_address
        self.layout = stack(section(self._screen), section(self._forecast))

    def show(self, shown: Shown) -> None:
        """Draw the table of cells."""
        ways = exports(shown.address, "cohorts", notebook=True) if self._is_served else ""
        self._screen.show(_choices(shown.address) + _table(shown) + ways)
        answer: Cohorts = shown.answer
        ways = exports(shown.address, "forecast") if self._is_served else ""
        self._forecast.show(forecast_section(answer.forecast, answer.curve, shown.address, answer.slow) + ways)


def _choices(address: Address) -> str:
    per, measure = address.option("per", PERIODS[0]), address.option("measure", "first")
    periods = "".join(
        link(address.with_options(per="" if one == "week" else one), f"By {one}", current=one == per) for one in PERIODS
    )
    measures = "".join(
        link(address.with_options(measure="" if one == "first" else one), text(label), current=one == measure)
        for one, (_, _, label) in MEASURES.items()
    )
    return (
        '<h2>Of the players who registered, the share that deposited</h2><div class="filters questions">'
        f'<div class="segments" role="group" aria-label="Cohorts">{periods}</div>'
        f'<div class="segments" role="group" aria-label="Measure">{measures}</div></div>'
    )


def _table(shown: Shown) -> str:
    """Draw a line a cohort and a cell a week or month after it; the fuller, the higher. It is its own table twin."""
    cells: pl.DataFrame = shown.answer.cells
    per = shown.address.option("per", PERIODS[0])
    rate, count, _ = MEASURES[shown.address.option("measure", "first")]
    most = max([0.0, *cells[rate].drop_nulls()]) or 1.0
    last = int(str(cells["offset"].max()))
    headings = "".join(
        f'<th scope="col">{f"same {per}" if number == 0 else f"+{number}"}</th>' for number in range(last + 1)
    )
    rows = "".join(
        _row(key[0], group, rate, count, most, last) for key, group in cells.group_by("cohort", maintain_order=True)
    )
    return (
        '<div class="scrolls tall" tabindex="0"><table class="cohorts"><thead><tr>'
        f'<th scope="col">{"Week from" if per == "week" else "Month"}</th><th scope="col">Players</th>{headings}</tr></thead>'
        f'<tbody>{rows}</tbody></table></div><p class="note">Columns: the {per} of the registration, and those after it. '
        "Cells with a dashed frame are not over and may still rise.</p>"
    )


def _row(cohort: object, cells: pl.DataFrame, rate: str, count: str, most: float, last: int) -> str:
    assert isinstance(cohort, date)  # noqa: S101 - as wh.cohorts says
    of = {row["offset"]: row for row in cells.to_dicts()}
    drawn = "".join(_cell(of.get(offset), rate, count, most) for offset in range(last + 1))
    return f'<tr><th scope="row">{words.day(cohort)}</th><td>{words.number(cells.item(0, "players"))}</td>{drawn}</tr>'


def _cell(row: dict[str, Any] | None, rate: str, count: str, most: float) -> str:
    if row is None or row[rate] is None:
        return "<td></td>"
    css = "cell" if row["mature"] else "cell open"
    told = f"{words.number(row[count])} of {words.number(row['players'])}{'' if row['mature'] else ', may still rise'}"
    share = row[rate] / most * 100
    return f'<td class="{css}" style="--share:{share:.0f}%" title="{text(told)}">{words.percent(row[rate])}</td>'


def _cells_of(address: Address) -> list[str]:
    per, within = address.option("per", PERIODS[0]), address.option("within", FIRST_WINDOW)
    return [
        f"cohorts = wh.cohorts(start, end, by={per!r})\ncohorts",
        "plots.cohorts(cohorts)",
        f"forecast = wh.forecast(start, end, by={per!r}, within={within!r})\nforecast",
        "plots.forecast(forecast)",
        f"plots.time_to_convert(wh.time_to_convert(start, end, within={within!r}))",
    ]


COHORTS = Page(
    slug="cohorts",
    title="Cohorts",
    read=read_cohorts,
    view=CohortsView,
    tables={"cohorts": lambda shown: shown.answer.cells, "forecast": lambda shown: shown.answer.forecast},
    notebook=lambda shown: _cells_of(shown.address),
    options={"per": PERIODS, "measure": tuple(MEASURES), "within": WINDOWS},
    is_in_more=True,
    default_days=NINETY_DAYS,
    filters=("days",),
)
