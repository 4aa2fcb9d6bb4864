"""Pages: each says what it asks the snapshot, and draws the answer."""

from __future__ import annotations

from panel_app.page import Page
from panel_app.pages.overview import OVERVIEW

PAGES: tuple[Page, ...] = (OVERVIEW,)
"""Every page, in the order of the navigation."""
