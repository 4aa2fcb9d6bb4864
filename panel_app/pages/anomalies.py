"""Anomalies: days on which a figure was not what the days before let expect, who explains it, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import panel as pn
import polars as pl

from panel_app import words
from panel_app.acknowledged import Acknowledged, acknowledge, read_acknowledged
from panel_app.address import Address
from panel_app.blocks.anomalies import anomalies_list, chosen_run, series_head, series_table
from panel_app.blocks.exports import exports
from panel_app.blocks.layout import section, stack
from panel_app.page import Go, Page, Shown
from panel_app.periods import NINETY_DAYS
from panel_app.screen import Screen
from panel_app.situation import Situation
from panel_app.source import Answers, Standing
from pixels import Warehouse
from pixels.anomalies.figures import DAYS_NEEDED, runs
from pixels.anomalies.said import LABELS
from pixels.period import Period
from pixels.plots.anomalies import anomaly_band, series_of

HEIGHT = 300
TAG = "banner_tag"


@dataclass(frozen=True)
class Anomalies:
    """What the page shows."""

    everything: pl.DataFrame
    """`wh.anomalies(..., everything=True)` of the days."""
    runs: pl.DataFrame
    """Those that stand out, days in a row together."""
    notes: tuple[Acknowledged, ...] = ()
    home: Path | None = None
    """Where notes are kept; None: only a snapshot is known."""
    needs: int = 0
    """How many days are missing before anything can be said."""

    @property
    def has_events(self) -> bool:
        """Whether anything was counted."""
        return not self.everything.is_empty()


def read_anomalies(answers: Answers, address: Address, where: Situation, standing: Standing) -> Iterator[Anomalies]:
    """Ask the snapshot, and look at what was noted."""
    everything = answers.ask(_anomalies, where.period)
    home = None if answers.settings is None else answers.settings.home
    known = (where.today - where.data.start).days if where.data else 0
    yield Anomalies(
        everything,
        runs(everything, TAG),
        tuple(read_acknowledged(home)) if home else (),
        home,
        max(0, DAYS_NEEDED + 1 - known),
    )


def _anomalies(warehouse: Warehouse, period: Period) -> pl.DataFrame:
    return warehouse.anomalies(period.start, period.end, everything=True)


class AnomaliesView:
    """The widgets of one session."""

    def __init__(self, go: Go, moves_address: bool) -> None:
        self._go, self._is_served = go, moves_address
        self._list = Screen(on_go=go, on_send=self._heard, moves_address=moves_address)
        self._head, self._twin = (Screen(on_go=go, moves_address=moves_address) for _ in range(2))
        self._chart = pn.pane.HoloViews(None, height=HEIGHT, sizing_mode="stretch_width", margin=0)
        self._drawn: tuple[object, ...] | None = None
        self._shown: Shown | None = None
        self.layout = stack(section(self._list), section(self._head, self._chart, self._twin))

    def show(self, shown: Shown) -> None:
        """Draw the list, and the series that was chosen."""
        self._shown = shown
        found: Anomalies = shown.answer
        may_note = found.home is not None and shown.sees_people
        self._list.show(
            anomalies_list(
                found.runs, found.everything, found.notes, shown.address, needs=found.needs, may_note=may_note
            )
        )
        measure, banner = chosen_series(shown.address, found.runs)
        rows = series_of(found.everything, measure, banner)
        self._head.show(series_head(measure, banner, shown.address))
        self._draw(found.everything, measure, banner, shown)
        ways = exports(shown.address, "anomalies", picture=True, notebook=True) if self._is_served else ""
        self._twin.show(f'<div class="line">{series_table(rows, measure)}{ways}</div>')

    def _draw(self, everything: pl.DataFrame, measure: str, banner: str | None, shown: Shown) -> None:
        what = (measure, banner, words.reader_numbers())
        if not shown.is_on_screen or (
            self._drawn is not None and self._drawn[1:] == what and everything.equals(self._drawn[0])  # type: ignore[arg-type] # a frame
        ):
            return
        self._drawn = (everything, *what)
        draw = partial(anomaly_band, numbers=words.reader_numbers(), width=None, height=HEIGHT)
        self._chart.object = draw(everything, measure, banner)

    def _heard(self, said: Mapping[str, str]) -> None:
        """Keep a note, as a form of the list says."""
        shown = self._shown
        if shown is None or shown.answer.home is None or not shown.sees_people:
            return
        run = chosen_run(shown.answer.runs, said.get("run", ""))
        if run is not None:
            acknowledge(shown.answer.home, run, said.get("note", ""), shown.user)
            self._go(shown.address.href)


def chosen_series(address: Address, found: pl.DataFrame) -> tuple[str, str | None]:
    """Return measure and banner (None: all together) of the address; by default those of the newest that stands out."""
    if address.option("measure"):
        return address.option("measure"), address.option("banner") or None
    newest: dict[str, Any] | None = next(found.iter_rows(named=True), None)
    if newest is None:
        return next(iter(LABELS)), None
    return newest["measure"], None if newest["is_total"] else newest[TAG]


ANOMALIES = Page(
    slug="anomalies",
    title="Anomalies",
    read=read_anomalies,
    view=AnomaliesView,
    options={"measure": tuple(LABELS), "banner": None},
    tables={"anomalies": lambda shown: shown.answer.everything},
    notebook=lambda shown: [
        "found = wh.anomalies(start, end, everything=True)\nfound.filter('is_anomaly')",
        "plots.anomalies(found, {!r}, {!r})".format(*chosen_series(shown.address, shown.answer.runs)),
    ],
    is_in_more=True,
    default_days=NINETY_DAYS,
    filters=("days",),
)
