"""The pages as cells of a notebook, with the figures of the server's."""

from __future__ import annotations

import panel as pn

from panel_app.pages import PAGES
from panel_app.session import Session
from panel_app.source import Held, Published
from pixels import Warehouse
from pixels.config import load_settings


def overview(wh: Warehouse | None = None) -> pn.Column:
    """Return the overview, for a notebook cell or for a page of a Panel server.

    Of `wh` it shows the snapshot that `wh` holds, and nothing else. Without it, it shows the newest snapshot under
    PIXELS_HOME, and on a server it follows newer ones.
    """
    return _cell(wh, "")


def _cell(wh: Warehouse | None, slug: str) -> pn.Column:
    settings = load_settings()
    if pn.state.curdoc is None:
        pn.extension(inline=True)
    source = Published(settings.published_dir) if wh is None else Held(wh)
    return Session(source, settings, PAGES, f"./{slug}").view
