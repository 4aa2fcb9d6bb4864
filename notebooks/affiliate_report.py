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
# # Affiliate report

# %%
import polars as pl
from IPython.display import display

import pixels
from pixels import plots
from pixels.period import Day
from pixels.plots.theme import DAILY_LABELS
from pixels.reports import change_findings, findings
from pixels.reports.affiliate import accounted, affiliates, difference, tags_of, whose
from pixels.reports.days import chosen_days, day_that_goes_on, days_held
from pixels.reports.elements import CHART_WIDTH, caution, chart, head, prepare_charts, say, table

prepare_charts()

# %% tags=["parameters"]
affiliate: str = ""  # whose banners: a name as `pixels banners import` was told it
from_: Day = ""  # first day, as 2026-11-01; by default the first of the latest four weeks
to_: Day = ""  # last day, included; by default the latest that is over
dimension: str = "affiliate"  # what the name is of: affiliate, campaign, or a part of the tag
snapshot: str = ""  # a folder under reports/snapshots, to see what an earlier report saw; by default the newest data

# %%
wh = pixels.open(snapshot or None)
period = chosen_days(wh, from_, to_)
held, goes_on = days_held(wh, period), day_that_goes_on(wh, period)
head(wh, period, whose=affiliate or "no affiliate chosen")

# %%
caution(wh, period)

# %%
tags = tags_of(wh, period, affiliate, dimension)
say(whose(affiliate, tags, [] if tags else affiliates(wh, period, dimension), dimension))

# %% [markdown]
# ## What did your banners bring?

# %%
counts = wh.kpis(period.start, period.end, by="banner_tag").filter(pl.col("banner_tag").is_in(tags))
brought = wh.banners(period.start, period.end).filter(pl.col("banner_tag").is_in(tags))
say(findings.banners(brought))

# %%
table(
    counts,
    {
        "banner_tag": "Banner",
        "daily_unique_visitors": "Daily unique visitors",
        "registrations": "Registrations",
        "ftd": "FTD",
        "deposit_days": "Deposit days",
    },
    limit=200,
)

# %% [markdown]
# ## How did it go from day to day?

# %%
daily = wh.summary(period.start, period.end, tags).group_by("event_date", "event_type").agg(pl.col("count").sum())
daily = daily.sort("event_date", "event_type")
say(findings.activity(daily, held, goes_on) if held else findings.nothing(period))

# %%
if not daily.is_empty():
    drawn = {"period": (held.start, held.end), "last_day_partial": goes_on, "width": CHART_WIDTH, "height": 190}
    for event_type, name in DAILY_LABELS.items():
        display(chart(plots.metrics(daily, event_type, **drawn), f"{name} by day, as a line"))

# %% [markdown]
# ## How many went on?
#
# People, by their first visit in these days: each is given 7 days, and only those whose 7 days are over are in the rates.

# %%
converted = wh.conversions(period.start, period.end, by="banner_tag").filter(pl.col("banner_tag").is_in(tags))
together = converted.select(pl.exclude("banner_tag", "^.*_rate$").sum()).with_columns(
    registration_rate=pl.when(pl.col("visitors") > 0).then(pl.col("registrations") / pl.col("visitors")),
    deposit_rate=pl.when(pl.col("registrations") > 0).then(pl.col("deposits") / pl.col("registrations")),
)
say(change_findings.conversion(period, together, None))

# %%
over = converted.filter(pl.col("visitors") > 0)
if not over.is_empty():
    display(chart(plots.conversions(over, width=CHART_WIDTH), "The share that registered and deposited, as bars"))

# %% [markdown]
# ## Why may your own log say something else?
#
# A click, a page view and a visitor are not the same. This is what became of every pixel that was received from your banners.

# %%
became = accounted(wh, period, tags)
say(difference(became))

# %%
table(
    became,
    {
        "event_type": "Event",
        "received": "Received",
        "counted": "Counted",
        "same_player_again": "Same person again that day",
        "credited_to_another_banner": "Another banner was earlier that day",
        "same_event_again": "Same event again",
        "bots": "Crawlers",
    },
)

# %% [markdown]
# ## How to read these figures
#
# - A person counts **once a day** as a visitor, once as a registration and once as a deposit: the earliest event of the day counts, and its banner gets the credit.
# - A **day** is a calendar day of the time zone named on top.
# - **FTD** is a player's first deposit, at or after a registration that is known here.
# - A difference that this does not explain: compare one day and one banner first, and ask with the click ids (`b`) that are missing.
