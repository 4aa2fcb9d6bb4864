# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Weekly report

# %%
import polars as pl
from IPython.display import display

import pixels
from pixels import plots
from pixels.period import Day
from pixels.reports import change_findings, findings
from pixels.reports.days import chosen_week, day_that_goes_on, fair_days_before, shifted, weeks_up_to
from pixels.reports.elements import CHART_WIDTH, caution, chart, head, prepare_charts, say, table
from pixels.reports.figures import figure_table, figures, figures_before

prepare_charts()

# %% tags=["parameters"]
from_: Day = ""  # first day, as 2026-11-16; by default the Monday of the latest week that is over
to_: Day = ""  # last day, included; by default the Sunday of it
snapshot: str = ""  # a folder under reports/snapshots, to see what an earlier report saw; by default the newest data

# %%
wh = pixels.open(snapshot or None)
week = chosen_week(wh, from_, to_)
head(wh, week)

# %%
caution(wh, week)

# %% [markdown]
# ## What changed?

# %%
before = fair_days_before(wh, week)
banners_now = wh.kpis(week.start, week.end, by="banner_tag")
banners_before = wh.kpis(before.start, before.end, by="banner_tag") if before else None
say(change_findings.moved(banners_now, banners_before))

# %%
figure_table(figures(wh, week), figures_before(wh, week))

# %% [markdown]
# ## How do the last weeks compare?

# %%
weeks = weeks_up_to(wh, week)
weekly = wh.metrics(weeks.start, weeks.end, per="week")
say(change_findings.weeks(weekly, "registration"))

# %%
for event_type, name in {"visit": "Daily unique visitors", "registration": "Registrations"}.items():
    if weekly.filter(pl.col("event_type") == event_type).height > 1:
        plot = plots.metrics(weekly, event_type, per="week", width=CHART_WIDTH, height=190)
        display(chart(plot, f"{name} by week, as a line"))

# %% [markdown]
# ## How did the week go?

# %%
daily = wh.metrics(week.start, week.end)
goes_on = day_that_goes_on(wh, week)
say(findings.activity(daily, week, goes_on))

# %%
if not daily.is_empty():
    drawn = {"period": (week.start, week.end), "last_day_partial": goes_on, "width": CHART_WIDTH, "height": 190}
    display(chart(plots.metrics(daily, "visit", **drawn), "Daily unique visitors, as a line"))

# %% [markdown]
# ## Which banners rose, and which fell?

# %%
movement = change_findings.movement(banners_now, banners_before)
say(change_findings.movers(movement))

# %%
table(
    movement,
    {
        "banner_tag": "Banner",
        "daily_unique_visitors": "Daily unique visitors",
        "registrations": "Registrations",
        "registrations_before": "Registrations before",
        "change": "Change",
        "ftd": "FTD",
    },
)

# %% [markdown]
# ## How well do visitors convert?
#
# People, by the day they came: everybody is given 7 days, so these are the visitors of the week before, whose 7 days are over.

# %%
entered = shifted(week, -7)
earlier = fair_days_before(wh, entered)
converted = wh.conversions(entered.start, entered.end)
converted_before = wh.conversions(earlier.start, earlier.end) if earlier else None
say(change_findings.conversion(entered, converted, converted_before))

# %%
by_banner = wh.conversions(entered.start, entered.end, by="banner_tag").filter(pl.col("visitors") > 0)
if not by_banner.is_empty():
    display(chart(plots.conversions(by_banner, width=CHART_WIDTH), "The share that registered, by banner, as bars"))

# %% [markdown]
# ## Can these numbers be trusted?

# %%
received = int(wh.accounting(week.start, week.end)["received"].sum())
say(change_findings.refusals(wh.refused(week.start, week.end), received))

# %% [markdown]
# ## How to read these figures
#
# - A person counts **once a day** as a visitor, once as a registration and once as a deposit: the earliest event of the day counts, and its banner gets the credit.
# - **FTD** is a player's first deposit, at or after a registration that Pixels holds.
# - A change is called **more than chance** when two counts differ by more than two standard deviations of what chance alone gives (Poisson).
# - All figures are of one snapshot, named on top. Run on it again, the report gives the same figures.
