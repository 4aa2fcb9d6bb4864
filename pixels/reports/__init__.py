"""Reports: notebooks with parameters, run on one pinned snapshot and written as a page that needs no network.

    run_report("campaign_report", {"from": "2026-11-01", "to": "2026-11-21"}, settings, out)

For the notebooks themselves: `elements` (what a page is made of), `findings` (sentences computed from the frames) and
`days` (which days to show).
"""

from __future__ import annotations

from pixels.reports.run import ReportFailed, ReportResult, run_report

__all__ = ["ReportFailed", "ReportResult", "run_report"]
