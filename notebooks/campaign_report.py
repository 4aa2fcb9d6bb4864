# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Campaign report

# %%
import polars as pl
from IPython.display import display

import pixels
from pixels import plots
from pixels.period import Day
from pixels.plots.theme import DAILY_LABELS
from pixels.reports import findings
from pixels.reports.days import chosen_days, day_that_goes_on, days_held
from pixels.reports.elements import CHART_WIDTH, caution, chart, head, prepare_charts, say, table
from pixels.reports.figures import figure_table, figures, figures_before

prepare_charts()

# %% tags=["parameters"]
from_: Day = ""  # first day, as 2026-11-01; by default the first of the latest four weeks
to_: Day = ""  # last day, included; by default the latest that is over
banner: str = ""  # only this banner; by default all
snapshot: str = ""  # a folder under reports/snapshots, to see what an earlier report saw; by default the newest data

# %%
wh = pixels.open(snapshot or None)
period = chosen_days(wh, from_, to_)
held, goes_on = days_held(wh, period), day_that_goes_on(wh, period)
head(wh, period, banner)

# %%
caution(wh, period)

# %% [markdown]
# ## What did these days bring?

# %%
brought = wh.banners(period.start, period.end)
now = figures(wh, period, banner)
then = figures_before(wh, period, banner)
say(findings.share_of_banner(brought, banner) if banner else findings.result(now, then))

# %%
figure_table(now, then)

# %% [markdown]
# ## How did it go from day to day?

# %%
daily = wh.summary(period.start, period.end, banner or None)
daily = daily.group_by("event_date", "event_type").agg(pl.col("count").sum()).sort("event_date", "event_type")
say(findings.activity(daily, held, goes_on) if held else findings.nothing(period))

# %%
if held:
    drawn = {"period": (held.start, held.end), "last_day_partial": goes_on, "width": CHART_WIDTH, "height": 190}
    for event_type, name in DAILY_LABELS.items():
        display(chart(plots.metrics(daily, event_type, **drawn), f"{name} by day, as a line"))

# %% [markdown]
# ## Which banners brought them?

# %%
say(findings.banners(brought))

# %%
if not brought.is_empty():
    measure = findings.leading_measure(brought)
    display(chart(plots.banners(brought, measure, width=CHART_WIDTH), f"The {measure} of each banner, as bars"))

# %%
per_100_visits = pl.when(pl.col("visits") > 0).then(pl.col("registrations") / pl.col("visits") * 100)
table(
    brought.with_columns(per_100_visits=per_100_visits),
    {
        "banner_tag": "Banner",
        "visits": "Daily unique visitors",
        "registrations": "Registrations",
        "deposits": "Deposit days",
        "per_100_visits": "Registrations per 100 visits",
    },
)

# %% [markdown]
# ## How many visitors went on?
#
# The funnel follows people: a visitor who signs up later is one person, so there are a little fewer of them than unique visitors. Each is followed for 7 days from a visit in these days, and counts for the banner of that visit.

# %%
by_banner = wh.funnel(period.start, period.end, by="banner_tag")
steps = by_banner.filter(pl.col("banner_tag") == banner) if banner else wh.funnel(period.start, period.end)
say(findings.funnel(steps))

# %%
if steps["entered"].sum():
    drawn_steps = steps.drop("banner_tag", strict=False)
    display(
        chart(plots.funnel(drawn_steps, width=CHART_WIDTH), "People who visited, registered and deposited, as bars")
    )

# %% [markdown]
# By banner, only those whose 7 days are over:


# %%
def at_step(number, column):
    return pl.col(column).filter(pl.col("step") == number).first()


over = by_banner.filter(pl.col("mature_entered") > 0).group_by("banner_tag", maintain_order=True)
table(
    over.agg(
        visited=at_step(1, "mature_players"),
        registered=at_step(2, "mature_players"),
        registered_percent=at_step(2, "mature_rate") * 100,
        deposited=at_step(3, "mature_players"),
        deposited_percent=at_step(3, "mature_rate") * 100,
    ).sort("deposited", "registered", "visited", "banner_tag", descending=[True, True, True, False]),
    {
        "banner_tag": "Banner",
        "visited": "Visited",
        "registered": "Registered",
        "registered_percent": "% of visited",
        "deposited": "Deposited",
        "deposited_percent": "% of visited",
    },
)

# %% [markdown]
# ## How to read these figures
#
# - A person counts **once a day** as a visitor, once as a registration and once as a deposit: the earliest event of the day counts, and its banner gets the credit. So the figures of the banners sum to those of the day.
# - A **day** is a calendar day of the time zone named on top.
# - **FTD** is a player's first deposit, at or after a registration that Pixels holds.
# - All figures are of one snapshot, named on top. Run on it again, the report gives the same figures.
