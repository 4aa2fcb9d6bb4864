"""What the overview shows. No widgets here, so it is tested without a browser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import param
import polars as pl

from panel_app import words
from panel_app.figures import Figures, local_day
from panel_app.periods import CUSTOM
from panel_app.source import Choice, Source, Standing
from pixels.errors import NoSnapshot, PixelsError
from pixels.period import Period

_LATE = timedelta(hours=2)


def utc_now() -> datetime:
    """Return the time now, UTC."""
    return datetime.now(UTC)


Key = tuple[int, datetime, date, Choice | None]
"""Snapshot, when it was made, the day that was running, what was chosen: for the same, figures are the same."""


@dataclass(frozen=True)
class View:
    """One look at what is published, to be shown by the state that looked."""

    asked: Choice | None
    choice: Choice | None
    standing: Standing | None
    figures: Figures | None
    problem: str = ""
    holds_for: Key | None = None
    """What the figures answer; None when nothing could be asked."""


class OverviewState(param.Parameterized):
    """The chosen days, and the figures of them as last looked at.

    `look` reads and may run in any thread; `show` sets what the page renders. Together they are `follow`. Looking again
    costs one `stat` when nothing new is published and the days are the same.
    """

    choice = param.Parameter(doc="Name of a preset, or a Period; None until there is data to choose a default by.")
    standing = param.Parameter(doc="What is published (a Standing), None when nothing is.")
    figures = param.Parameter(doc="The Figures of the chosen days, None while nothing is published.")
    problem = param.String(doc="What stands in the way of newer figures, in words for a person.")
    last_pass = param.String(doc="How long ago the last pass was.")
    passes_are_late = param.Boolean(doc="Whether the last pass is so long ago that somebody should look.")

    def __init__(self, source: Source, now: Callable[[], datetime] = utc_now, **params: Any) -> None:
        super().__init__(**params)
        self._source, self._now = source, now
        self._holds_for: Key | None = None

    def follow(self) -> None:
        """Look and show."""
        self.show(self.look())

    def look(self) -> View:
        """Read what is published now, for the days that are chosen now."""
        asked = self.choice
        try:
            standing = self._source.standing()
            if standing is not None:
                return self._view(asked, standing)
        except PixelsError as error:
            return self.view_with_problem(str(error))
        gone = "What was published is not there any more. Run `pixels aggregate`; it publishes it again."
        return self.view_with_problem(gone if self.figures else "")

    def view_with_problem(self, problem: str) -> View:
        """Return what is shown already, with what stands in the way of newer figures."""
        return View(self.choice, self.choice, self.standing, self.figures, problem)

    def show(self, view: View) -> None:
        """Show what was looked at, unless other days were chosen meanwhile: then a newer look is under way."""
        if view.asked != self.choice:
            return
        self._holds_for = view.holds_for or self._holds_for
        new: dict[str, Any] = {
            "choice": view.choice,
            "standing": view.standing,
            "figures": view.figures,
            "problem": view.problem,
        }
        if view.standing is not None:
            age = self._now() - view.standing.last_pass_at
            new |= {"last_pass": words.ago(age), "passes_are_late": age > _LATE}
        self.param.update({name: value for name, value in new.items() if getattr(self, name) is not value})

    def choose(self, preset: str) -> None:
        """Choose a preset; "Custom" keeps the days as they are now. What is chosen already is no new choice."""
        if preset == self.preset:
            return
        if preset != CUSTOM:
            self.choice = preset
        elif self.figures is not None:
            self.choice = self.figures.period

    def choose_days(self, start: date, end: date) -> None:
        """Choose days, both included; days that are shown already are no new choice."""
        chosen = Period(min(start, end), max(start, end))
        if self.figures is None or self.figures.period != chosen:
            self.choice = chosen

    @property
    def preset(self) -> str:
        """The name of what is chosen."""
        return self.choice if isinstance(self.choice, str) else CUSTOM

    @param.depends("figures")
    def kpis(self) -> pl.DataFrame:
        """`wh.kpis` of the period."""
        return self._shown.now.kpis

    @param.depends("figures")
    def trend(self) -> pl.DataFrame:
        """`wh.metrics` of the period."""
        return self._shown.trend

    @param.depends("figures")
    def banners(self) -> pl.DataFrame:
        """`wh.banners` of the period."""
        return self._shown.banners

    @param.depends("figures")
    def funnel(self) -> pl.DataFrame:
        """`wh.funnel` of the period."""
        return self._shown.now.funnel

    @param.depends("standing")
    def data_through(self) -> str:
        """Until when every acknowledged event is counted, on the clock of the warehouse's time zone."""
        if self.standing is None:
            return "nothing published yet"
        zone = self.standing.time_zone
        return f"{words.instant(self.standing.complete_until, zone)} ({zone})"

    @param.depends("figures")
    def is_waiting(self) -> bool:
        """Whether there is no counted event at all yet."""
        return self.figures is None or self.figures.data is None

    @property
    def _shown(self) -> Figures:
        if self.figures is None:
            raise NoSnapshot("nothing is published yet, so there is nothing to show")
        return self.figures

    def _view(self, asked: Choice | None, standing: Standing) -> View:
        """Keep the figures that are shown when they still hold, else read them."""
        today = local_day(standing.complete_until, standing.time_zone)
        key = (standing.snapshot, standing.as_of, today, asked)
        if self.figures is not None and key == self._holds_for:
            return View(asked, asked, standing, self.figures, holds_for=key)
        chosen, figures = self._source.figures(asked, today)
        choice = asked if figures.data is None else chosen  # the default waits for data to choose by
        return View(asked, choice, standing, figures, holds_for=(*key[:3], choice))
