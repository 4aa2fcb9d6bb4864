"""What one person has open: the frame around the pages, the page that is shown, and the looks at what is published."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import panel as pn

from panel_app import words
from panel_app.blocks import frame, states
from panel_app.blocks.layout import stack, whole_page
from panel_app.page import Page, Shown, View, is_same
from panel_app.pages.first_pixel import all_refused, first_pixel, waiting_for_a_pass
from panel_app.screen import Screen
from panel_app.source import Published, Source
from panel_app.state import DashboardState, Look
from panel_app.waiting import received_so_far
from pixels.config import Settings
from pixels.numbers import ENGLISH, Numbers
from pixels.ports import url

LOOK_EVERY_MS = 2_000
_AT_ONCE_S = 0.25
"""How long a page waits for its figures before it is sent without them."""
_READERS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="reads-figures")
_log = logging.getLogger(__name__)


class Session:
    """A state, and what renders it. `view` is the page; on a server it follows newer snapshots."""

    def __init__(
        self,
        source: Source,
        settings: Settings,
        pages: Sequence[Page],
        href: str = "./",
        *,
        sees_people: bool = True,
        user: str = "",
        numbers: Numbers = ENGLISH,
    ) -> None:
        self.state = DashboardState(source, pages)
        self._pages, self._sees_people, self._user = pages, sees_people, user
        self._settings, self._numbers = settings, numbers
        self._collector = url(settings.host, settings.collector_port)
        self._instead = Screen(on_go=self.go, moves_address=pn.state.curdoc is not None)
        self._has_address = pn.state.curdoc is not None
        self._views: dict[str, View] = {}
        self._shown: str | None = None
        self._drawn: Shown | None = None
        self._reading = 0
        self._doc = pn.state.curdoc
        self._is_on_screen = self._doc is None
        self._make_frame()
        self.state.go(href)
        self._read_at_once()
        self._draw()
        if self._doc is not None:
            # Only now: what is changed while a browser still fetches the page may never reach it.
            pn.state.onload(self._begin)

    def go(self, href: str) -> None:
        """Show another address: what is on the page already at once, figures as soon as they are read."""
        self.state.go(href)
        self._draw_frame()
        self._start_reading()

    def follow(self) -> None:
        """Look whether something newer is published, and show it."""
        if self.state.is_loading:
            return
        if self.state.is_fresh():
            self.state.tick()
            self._draw_frame()
        else:
            self._start_reading()

    def _make_frame(self) -> None:
        self._navigation = Screen(on_go=self.go, moves_address=self._has_address, hears_back=True)
        self._status, self._filters, self._told = (
            Screen(on_go=self.go, moves_address=self._has_address) for _ in range(3)
        )
        self._body = stack()
        self.view = whole_page(self._navigation, self._status, self._filters, self._told, self._body)

    def _read_at_once(self) -> None:
        """Read, and when that takes longer than a moment, go on without figures: they follow."""
        looks: Future[list[Look]] = _READERS.submit(lambda: list(self.state.looks()))
        try:
            for look in looks.result(timeout=None if self._doc is None else _AT_ONCE_S):
                self.state.show(look)
        except TimeoutError:
            self.state.is_loading = True

    def _begin(self) -> None:
        """Go on with what the page was sent without, now that a browser has it, and follow newer snapshots."""
        self._is_on_screen = True
        if self.state.is_loading:
            self._start_reading()
        else:
            self._draw()
        if isinstance(self.state.source, Published):
            pn.state.add_periodic_callback(self.follow, period=LOOK_EVERY_MS)

    def _start_reading(self) -> None:
        """Read in a thread, and show each look as it comes. Without a loop to come back to: here and now."""
        self._reading += 1
        self.state.is_loading = True
        soon = self._soon()
        if soon is None:
            self.state.follow()
            self._draw()
        else:
            _READERS.submit(self._read, self._reading, self.state.looks(), soon)

    def _soon(self) -> Callable[[Callable[[], None]], object] | None:
        """Return what runs a function on the loop that serves this session, from any thread."""
        if self._doc is not None:
            return self._doc.add_next_tick_callback
        try:
            return asyncio.get_running_loop().call_soon_threadsafe
        except RuntimeError:
            return None

    def _read(self, mine: int, looks: Iterator[Look], soon: Callable[[Callable[[], None]], object]) -> None:
        """Read until something else is asked for. In a thread of its own, since a callback would hold up the session."""
        newest = deque[Look](maxlen=1)  # a look that nobody had the time to draw is a part of the next one
        for look in looks:
            if mine != self._reading:
                return
            newest.append(look)
            soon(partial(self._show, mine, newest))

    def _show(self, mine: int, newest: deque[Look]) -> None:
        if mine == self._reading and newest:
            self.state.show(newest.pop())
            self._draw()

    def _draw(self) -> None:
        """Draw frame and page; what nobody expected becomes a message, and a traceback for the log."""
        try:
            with words.numbers_of(self._numbers):
                self._draw_body()
        except Exception:
            _log.exception("the page could not be drawn")
            self.state.problem = "This page could not be drawn; the log of the dashboard says why."
        self._draw_frame()

    def _draw_frame(self) -> None:
        with words.numbers_of(self._numbers):
            self._draw_parts_of_frame()

    def _draw_parts_of_frame(self) -> None:
        state = self.state
        self._navigation.show(frame.navigation(state, self._pages, self._user))
        if not state.misread:  # else the browser keeps what was not understood, beside what is said of it
            self._navigation.address = state.address.href
        strip = frame.status(state)
        if state.strip is not None:
            strip += frame.health(state) + frame.today_so_far(state.strip.today)
        self._status.show(f'<div class="status">{strip}</div>' if strip else "")
        filters = "" if state.is_waiting else frame.filters(state)
        self._filters.show(filters)
        self._filters.visible = bool(filters)
        told = frame.told(state)
        self._told.show(told)
        self._told.visible = bool(told)

    def _draw_body(self) -> None:
        """Draw the page, or what stands in its place."""
        state = self.state
        instead = self._in_place_of_figures()
        if instead is not None:
            self._instead.show(instead)
            self._put("instead", self._instead)
        elif state.answers_to.page == state.page.slug:
            view, shown = self._view_of(state.page), self._what_is_shown()
            if self._shown != state.page.slug or self._drawn is None or not is_same(shown, self._drawn):
                self._drawn = None  # what fails half-way is drawn again, whatever comes next
                view.show(shown)
                self._drawn = shown
            self._put(state.page.slug, view.layout)

    def _put(self, name: str, part: Any) -> None:
        if name != self._shown:
            self._shown = name
            self._body.objects = [part]

    def _what_is_shown(self) -> Shown:
        state = self.state
        return Shown(
            state.answers_to,
            state.situation,
            state.answer,
            state.standing,
            self._sees_people,
            self._user,
            self._is_on_screen,
        )

    def _in_place_of_figures(self) -> str | None:
        """Return what is to be seen before there are figures; None: there are."""
        state = self.state
        if state.answer is None:
            if state.problem:
                return ""
            return states.loading() if state.is_loading else self._before_the_first_pass()
        if not state.is_waiting:
            has_events = getattr(state.answer, "has_events", True)
            return None if has_events else states.nothing_here(self._what_is_shown())
        if not state.page.shows_before_events:
            strip = state.strip
            if strip.refused_ever:
                zone = state.situation.time_zone
                return all_refused(self._collector, strip.last_refused, strip.refused_ever, zone)
            return first_pixel(self._collector)
        return None

    def _before_the_first_pass(self) -> str:
        received = received_so_far(self._settings.log_dir)
        if received:
            return waiting_for_a_pass(received, self._settings.home)
        return first_pixel(self._collector)

    def _view_of(self, page: Page) -> View:
        if page.slug not in self._views:
            self._views[page.slug] = page.view(self.go, self._has_address)
        return self._views[page.slug]
