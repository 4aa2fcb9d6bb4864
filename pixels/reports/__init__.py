"""Reports: notebooks with parameters, run on one pinned snapshot and written as a page that needs no network.

    run_report("campaign_report", {"from": "2026-11-01", "to": "2026-11-21"}, settings, out)

For the notebooks themselves: `elements` (what a page is made of), `findings` (sentences computed from the frames) and
`days` (which days to show). `commands` is the command line. Names are loaded when first used, so that it stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pixels.reports.run import ReportFailed, ReportResult, run_report

__all__ = ["ReportFailed", "ReportResult", "run_report"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'pixels.reports' has no attribute {name!r}")
    return getattr(import_module("pixels.reports.run"), name)
