"""The pages as cells of a notebook, with the figures of the server's."""

from __future__ import annotations

import panel as pn

from panel_app.pages import PAGES
from panel_app.session import Session
from panel_app.source import Held, Published
from pixels import Warehouse
from pixels.config import load_settings


def overview(wh: Warehouse | None = None, days: str = "") -> pn.Column:
    """Return the overview, for a notebook cell or for a page of a Panel server; its links lead to the other pages.

    Of `wh` it shows the snapshot that `wh` holds, and nothing else. Without it, it shows the newest snapshot under
    PIXELS_HOME, and on a server it follows newer ones. `days` as in the dashboard's address: "28d", "mtd", or
    "2026-11-01..2026-11-21".
    """
    return _cell(wh, "", days)


def banners(wh: Warehouse | None = None, days: str = "") -> pn.Column:
    """Return the page of all banners, as `overview` does."""
    return _cell(wh, "banners", days)


def funnel(wh: Warehouse | None = None, days: str = "") -> pn.Column:
    """Return the funnel, as `overview` does."""
    return _cell(wh, "funnel", days)


def players(wh: Warehouse | None = None) -> pn.Column:
    """Return segments and players, as `overview` does."""
    return _cell(wh, "players", "")


def cohorts(wh: Warehouse | None = None, days: str = "") -> pn.Column:
    """Return the cohorts, as `overview` does."""
    return _cell(wh, "cohorts", days)


def _cell(wh: Warehouse | None, slug: str, days: str) -> pn.Column:
    settings = load_settings()
    if pn.state.curdoc is None:
        pn.extension(inline=True)
    source = Published(settings.published_dir, settings) if wh is None else Held(wh)
    return Session(source, settings, PAGES, f"./{slug}?days={days}" if days else f"./{slug}").view
