"""Plots of the frames that a warehouse returns, as HoloViews objects for notebooks, reports and the dashboard.

    plots.metrics(wh.metrics("2026-11-01", "2026-11-21"))

Each has the name of the function whose frame it takes. They only read the frame; what strangers named (banner tags)
stays text in axes and tooltips.
"""

from __future__ import annotations

from pixels.plots.accounting import accounting_bars
from pixels.plots.anomalies import anomaly_band
from pixels.plots.bars import banners_bars, funnel_bars
from pixels.plots.changes import changes_bars
from pixels.plots.cohorts import cohorts_table
from pixels.plots.compared import compare_bars, today_bars
from pixels.plots.compared_banners import compare_banners_intervals
from pixels.plots.conversions import conversions_bars
from pixels.plots.costs import costs_bars
from pixels.plots.forecast import forecast_bars
from pixels.plots.hours import hours_bars
from pixels.plots.money import money_bars
from pixels.plots.player import player_timeline
from pixels.plots.reconciliation import reconcile_bars
from pixels.plots.segments import segments_bars
from pixels.plots.time_to_convert import time_to_convert_curve
from pixels.plots.trend import banner_trend, daily_trend
from pixels.plots.what_if import what_if_bars

metrics = daily_trend
summary = banner_trend
banners = banners_bars
funnel = funnel_bars
accounting = accounting_bars
anomalies = anomaly_band
cohorts = cohorts_table
conversions = conversions_bars
costs = costs_bars
changes = changes_bars
player = player_timeline
hours = hours_bars
money = money_bars
segments = segments_bars
compare = compare_bars
compare_banners = compare_banners_intervals
reconcile = reconcile_bars
today = today_bars
what_if = what_if_bars
forecast = forecast_bars
time_to_convert = time_to_convert_curve

__all__ = [
    "accounting",
    "accounting_bars",
    "anomalies",
    "anomaly_band",
    "banner_trend",
    "banners",
    "banners_bars",
    "changes",
    "changes_bars",
    "cohorts",
    "cohorts_table",
    "compare",
    "compare_banners",
    "compare_banners_intervals",
    "compare_bars",
    "conversions",
    "conversions_bars",
    "costs",
    "costs_bars",
    "daily_trend",
    "forecast",
    "forecast_bars",
    "funnel",
    "funnel_bars",
    "hours",
    "hours_bars",
    "metrics",
    "money",
    "money_bars",
    "player",
    "player_timeline",
    "reconcile",
    "reconcile_bars",
    "segments",
    "segments_bars",
    "summary",
    "time_to_convert",
    "time_to_convert_curve",
    "today",
    "today_bars",
    "what_if",
    "what_if_bars",
]
