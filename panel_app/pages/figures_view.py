"""The figures of the chosen days: cards, trend, funnel, banners."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import panel as pn
import param

from panel_app import words
from panel_app.blocks.banners import MEASURES, banners_table
from panel_app.blocks.cards import cards
from panel_app.blocks.controls import button, choices, days_picker
from panel_app.blocks.funnel import funnel_note, funnel_table
from panel_app.blocks.markup import block, line, section, side_by_side, stack, text, title
from panel_app.blocks.today import today_so_far
from panel_app.blocks.trend import TrendChart
from panel_app.figures import Figures
from panel_app.periods import CUSTOM, PRESETS
from panel_app.state import OverviewState
from pixels.plots.theme import DAILY_LABELS

_TYPES = {label: event_type for event_type, label in DAILY_LABELS.items()}
_ROWS, _MORE_ROWS = 12, 50


class FiguresView(param.Parameterized):
    """Renders a state that has figures, and tells it which days a person chooses."""

    rows = param.Integer(default=_ROWS, doc="How many banners are listed at most.")

    def __init__(self, state: OverviewState, **params: Any) -> None:
        super().__init__(**params)
        self._state = state
        self._trend = TrendChart()
        self._preset = choices("Period", [*PRESETS, CUSTOM], PRESETS[0], "period")
        self._days = days_picker()
        self._measure = choices("Measure", list(_TYPES), next(iter(_TYPES)), "measure")
        self._order = choices("Sorted by", list(MEASURES), next(iter(MEASURES)), "banners-order")
        self._more = button("Show more", "banners-more")
        self._nothing = block("")
        self._drawn = stack(self._cards(), self._trend_card(), side_by_side(self._funnel_card(), self._banners_card()))
        self.page = stack(line(self._preset, self._days, self._today()), self._nothing, self._drawn)
        self._show_figures()
        self._show_choice()
        self._listen()

    def _listen(self) -> None:
        state = self._state
        state.param.watch(lambda _: self._show_figures(), "figures")
        state.param.watch(lambda _: self._show_choice(), "choice")
        self._preset.param.watch(lambda event: state.choose(event.new), "value")
        self._days.param.watch(self._days_picked, "value")
        self._measure.param.watch(lambda _: self._show_trend(), "value")
        self._more.on_click(lambda _: self._show_more_rows())

    def _show_figures(self) -> None:
        """Follow the state. Setting what is set already sends nothing to the browser."""
        figures = self._state.figures
        self._days.value = (figures.period.start, figures.period.end)
        self._nothing.object = "" if figures.has_events else _no_events(figures)
        self._nothing.visible, self._drawn.visible = not figures.has_events, figures.has_events
        self._more.visible = figures.banners.height > self.rows
        self._show_trend()

    def _show_trend(self) -> None:
        self._trend.draw(self._state.figures, _TYPES[self._measure.value])

    def _show_choice(self) -> None:
        self._preset.value = self._state.preset

    def _show_more_rows(self) -> None:
        self.rows += _MORE_ROWS
        self._more.visible = self._state.figures.banners.height > self.rows

    def _days_picked(self, event: param.parameterized.Event) -> None:
        if event.new is None:  # the field was emptied: the days stay
            self._show_figures()
        else:
            self._state.choose_days(*event.new)

    def _today(self) -> pn.pane.HTML:
        return self._bound(today_so_far, align="center", styles={"flex": "1 1 330px"})

    def _cards(self) -> pn.pane.HTML:
        return self._bound(cards)

    def _trend_card(self) -> pn.Column:
        return section(
            line(title("Daily trend"), self._measure),
            self._trend.pane,
            block(
                '<p class="note">The last day is not over yet.</p>',
                visible=pn.bind(_has_running_day, self._state.param.figures),
            ),
        )

    def _funnel_card(self) -> pn.Column:
        return section(line(title("Funnel")), self._bound(funnel_table), self._bound(funnel_note))

    def _banners_card(self) -> pn.Column:
        table = pn.bind(
            lambda figures, order, rows: banners_table(figures.banners, order, rows),
            self._state.param.figures,
            self._order.param.value,
            self.param.rows,
        )
        return section(line(title("Banners"), self._order), block(table), self._more)

    def _bound(self, draw: Callable[[Figures], str], **options: Any) -> pn.pane.HTML:
        return block(pn.bind(draw, self._state.param.figures), **options)


def _has_running_day(figures: Figures) -> bool:
    return figures.period.start <= figures.today <= figures.period.end


def _no_events(figures: Figures) -> str:
    has = f"There is data for {words.days(figures.data)}." if figures.data else ""
    return (
        f'<p class="nothing">No events {text(words.days(figures.period))}. {text(has)} Choose other days, or All.</p>'
    )
