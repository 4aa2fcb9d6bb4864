"""The dashboard: state without widgets, and pages that only render it.

from panel_app import overview

overview(wh)        # in a notebook cell: the snapshot that `wh` holds
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from panel_app.pages.overview import overview

__all__ = ["overview"]


def __getattr__(name: str) -> Any:
    """Load Panel when the first page is asked for, not when `pixels dashboard --help` is (PEP 562)."""
    if name == "overview":
        from panel_app.pages.overview import overview

        return overview
    raise AttributeError(f"module 'panel_app' has no attribute {name!r}")
