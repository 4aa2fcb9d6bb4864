"""The overview: what each banner brings, in the days that a person chooses."""

from __future__ import annotations

import asyncio
import logging

import panel as pn

from panel_app.blocks.markup import block, stack, whole_page
from panel_app.blocks.status import problem, status_line
from panel_app.pages.figures_view import FiguresView
from panel_app.pages.first_pixel import first_pixel
from panel_app.source import Held, Published, Source
from panel_app.state import OverviewState, View
from pixels import Warehouse
from pixels.config import Settings, load_settings
from pixels.ports import url

LOOK_EVERY_MS = 2_000
_PATIENCE_S = 0.4
_log = logging.getLogger(__name__)


def overview(wh: Warehouse | None = None) -> pn.Column:
    """Return the overview, for a notebook cell or for a page of a Panel server.

    Of `wh` it shows the snapshot that `wh` holds, and nothing else. Without it, it shows the newest snapshot under
    PIXELS_HOME, and on a server it follows newer ones.
    """
    settings = load_settings()
    if pn.state.curdoc is None:
        pn.extension(inline=True)
    return OverviewPage(Published(settings.published_dir) if wh is None else Held(wh), settings).view


class OverviewPage:
    """One person's overview: a state, and what renders it. `view` is the page."""

    def __init__(self, source: Source, settings: Settings) -> None:
        self.state = OverviewState(source)
        self.state.show(self._look())
        self._collector = url(settings.host, settings.collector_port)
        self._body = stack()
        self._drawn = ""
        shown = self.state.param
        self.view = whole_page(
            block(pn.bind(lambda *_: status_line(self.state), shown.standing, shown.figures, shown.last_pass)),
            block(pn.bind(problem, shown.problem), visible=pn.bind(bool, shown.problem)),
            self._body,
        )
        self._update_body()
        shown.watch(lambda *_: self._update_body(), ["figures", "problem"])
        shown.watch(self._chosen, "choice")
        if pn.state.curdoc is not None and isinstance(source, Published):
            pn.state.add_periodic_callback(self.follow, period=LOOK_EVERY_MS)

    async def follow(self) -> None:
        """Look at what is published, without holding up other sessions, and show it."""
        self.state.show(await asyncio.to_thread(self._look))

    async def _chosen(self, _event: object) -> None:
        """Read the figures of the new days; when that takes a while, show that it does."""
        look = asyncio.ensure_future(self.follow())
        await asyncio.wait([look], timeout=_PATIENCE_S)
        self._body.loading = not look.done()
        await look
        self._body.loading = False

    def _look(self) -> View:
        """Look; what nobody expected becomes a message for the person and a traceback for the log."""
        try:
            return self.state.look()
        except Exception:
            _log.exception("the figures could not be read")
            message = "The figures could not be read; the log of the dashboard says why. It tries again by itself."
            return self.state.view_with_problem(message)

    def _update_body(self) -> None:
        wanted = _wanted(self.state)
        if wanted == self._drawn:
            return
        self._drawn = wanted
        if wanted == "figures":
            self._body.objects = [FiguresView(self.state).page]
        else:
            self._body.objects = [first_pixel(self.state, self._collector)] if wanted == "first pixel" else []


def _wanted(state: OverviewState) -> str:
    """Say what the page is to be: before the first event the way to one, unless a problem hides whether there is any."""
    if not state.is_waiting():
        return "figures"
    return "problem" if state.problem else "first pixel"
