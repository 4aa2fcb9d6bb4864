"""Plots of the frames that a warehouse returns, as HoloViews objects for notebooks, reports and the dashboard.

    plots.metrics(wh.metrics("2026-11-01", "2026-11-21"))

Each has the name of the function whose frame it takes. They only read the frame; what strangers named (banner tags)
stays text in axes and tooltips.
"""

from __future__ import annotations

from pixels.plots.accounting import accounting_bars
from pixels.plots.bars import banners_bars, funnel_bars
from pixels.plots.cohorts import cohorts_table
from pixels.plots.trend import banner_trend, daily_trend

metrics = daily_trend
summary = banner_trend
banners = banners_bars
funnel = funnel_bars
accounting = accounting_bars
cohorts = cohorts_table

__all__ = [
    "accounting",
    "accounting_bars",
    "banner_trend",
    "banners",
    "banners_bars",
    "cohorts",
    "cohorts_table",
    "daily_trend",
    "funnel",
    "funnel_bars",
    "metrics",
    "summary",
]
