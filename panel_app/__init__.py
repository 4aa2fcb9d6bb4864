"""The dashboard: state without widgets, and pages that only render it.

from panel_app import overview, banners, funnel, players, cohorts

overview(wh)        # in a notebook cell: the snapshot that `wh` holds
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from panel_app.cells import banners, cohorts, funnel, overview, players

__all__ = ["banners", "cohorts", "funnel", "overview", "players"]


def __getattr__(name: str) -> Any:
    """Load Panel when the first page is asked for, not when `pixels dashboard --help` is (PEP 562)."""
    if name in __all__:
        from panel_app import cells

        return getattr(cells, name)
    raise AttributeError(f"module 'panel_app' has no attribute {name!r}")
