"""Pages: each says what it asks the snapshot, and draws the answer."""

from __future__ import annotations

from panel_app.page import Page
from panel_app.pages.anomalies import ANOMALIES
from panel_app.pages.banner import BANNER
from panel_app.pages.banners import BANNERS
from panel_app.pages.cohorts import COHORTS
from panel_app.pages.compare import COMPARE
from panel_app.pages.funnel import FUNNEL
from panel_app.pages.live import LIVE
from panel_app.pages.money import MONEY
from panel_app.pages.overview import OVERVIEW
from panel_app.pages.players import PLAYERS
from panel_app.pages.proof import PROOF
from panel_app.pages.reports import REPORTS
from panel_app.pages.system import SYSTEM
from panel_app.pages.what_if import WHAT_IF
from panel_app.pages.why import WHY

PAGES: tuple[Page, ...] = (
    OVERVIEW,
    BANNERS,
    FUNNEL,
    PLAYERS,
    MONEY,
    COHORTS,
    ANOMALIES,
    COMPARE,
    LIVE,
    REPORTS,
    PROOF,
    WHAT_IF,
    SYSTEM,
    BANNER,
    WHY,
)
"""Every page, in the order of the navigation."""
