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
# # Funnel analysis

# %%
import polars as pl
from IPython.display import display

import pixels
from pixels import plots
from pixels.period import Day
from pixels.reports import findings, funnel_findings
from pixels.reports.days import chosen_days
from pixels.reports.elements import CHART_WIDTH, caution, chart, head, prepare_charts, say, table

prepare_charts()

# %% tags=["parameters"]
from_: Day = ""  # first day of entry, as 2026-11-01; by default the first of the latest four weeks
to_: Day = ""  # last day of entry, included; by default the latest that is over
banner: str = ""  # only people who came over this banner; by default all
window: int = 7  # how many days each person is given to go on
snapshot: str = ""  # a folder under reports/snapshots, to see what an earlier report saw; by default the newest data

# %%
wh = pixels.open(snapshot or None)
period = chosen_days(wh, from_, to_)
within, given = f"{window}d", f"{window} day{'' if window == 1 else 's'}"
head(wh, period, banner)

# %%
caution(wh, period)

# %% [markdown]
# ## How many go on, and where are most lost?
#
# People, by the first step that they took in these days; a visitor who signs up later is one person. What follows within the days given counts, also after the last day.

# %%
by_banner = wh.funnel(period.start, period.end, window=within, by="banner_tag")
own = by_banner.filter(pl.col("banner_tag") == banner) if banner else wh.funnel(period.start, period.end, window=within)
say(findings.funnel(own, given))

# %%
if own["entered"].sum():
    bars = plots.funnel(own.drop("banner_tag", strict=False), width=CHART_WIDTH)
    display(chart(bars, "People who visited, registered and deposited, as bars"))

# %%
table(
    own.with_columns(percent=pl.col("mature_rate") * 100, hours=pl.col("median_seconds_from_entry") / 3600),
    {
        "event_type": "Step",
        "players": "People",
        "mature_players": f"Whose {given} are over",
        "percent": "% of those who entered",
        "hours": "Median hours from entry",
    },
)

# %% [markdown]
# ## How long does it take?

# %%
say(funnel_findings.time_taken(own))

# %% [markdown]
# ## Which banners stand out?
#
# New people only: who had registered before is left out. Rates of fewer than 100 people are not compared.

# %%
converted = wh.conversions(period.start, period.end, by="banner_tag")
say(funnel_findings.standing_out(converted))

# %%
over = converted.filter(pl.col("visitors") > 0)
if not over.is_empty():
    display(chart(plots.conversions(over, width=CHART_WIDTH), "The share that registered and deposited, as bars"))

# %%
table(
    over.with_columns(registered=pl.col("registration_rate") * 100, deposited=pl.col("deposit_rate") * 100),
    {
        "banner_tag": "Banner",
        "visitors": "Visitors",
        "registrations": "Registered",
        "registered": "% of visitors",
        "deposits": "First deposit",
        "deposited": "% of registered",
    },
)

# %% [markdown]
# ## Does it change?

# %%
by_day = wh.conversions(period.start, period.end, per="day")
say(funnel_findings.over_time(by_day))

# %%
told = by_day.filter(pl.col("visitors") > 0).with_columns(
    day=pl.col("entry_date").cast(pl.String), registered=pl.col("registration_rate") * 100
)
table(
    told, {"day": "Came on", "visitors": "Visitors", "registrations": "Registered", "registered": "% of visitors"}, 31
)

# %% [markdown]
# ## Do they come back to deposit?

# %%
weekly = wh.cohorts(period.start, period.end)
say(funnel_findings.first_deposits(weekly))

# %%
if not weekly.is_empty():
    display(chart(plots.cohorts(weekly, width=CHART_WIDTH), "Share that deposited, by week of registration, as cells"))

# %% [markdown]
# ## How to read these figures
#
# - A **funnel** follows people: everybody enters once, with the first visit in these days, and later steps count within the days given.
# - Somebody whose days are not over yet is **not a loss**: rates are of those whose days are over.
# - A rate **stands out** when it differs from that of all by more than two standard errors.
