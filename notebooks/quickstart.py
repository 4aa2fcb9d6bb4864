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
# # Quickstart
#
# Five questions to your numbers, and a dashboard in a cell. Run it cell by cell with Shift + Enter, and change what you like: this copy is yours.

# %% [markdown]
# ## What am I looking at?
#
# `pixels.open()` opens the newest published snapshot. It stays as it is while you work; `wh.reload()` gives you a newer one.

# %%
import pixels
from pixels import plots

wh = pixels.open()
wh

# %%
from pixels.reports import findings
from pixels.reports.days import day_that_goes_on, latest_days
from pixels.reports.elements import caution, head, say

period = latest_days(wh)  # the latest four weeks, or as many days as there are
head(wh, period)

# %%
caution(wh, period)

# %% [markdown]
# ## How many come, day by day?
#
# A person counts once a day and event type. Frames are Polars, and `pixels.plots` draws each of them.

# %%
daily = wh.metrics(period.start, period.end)
daily

# %%
plots.metrics(daily)

# %%
say(findings.activity(daily, period, day_that_goes_on(wh, period)))

# %% [markdown]
# ## Which banners bring players who deposit?
#
# Of several events on a day the earliest counts, and its banner gets the credit.

# %%
brought = wh.banners(period.start, period.end)
brought

# %%
plots.banners(brought, findings.leading_measure(brought))

# %%
say(findings.banners(brought))

# %% [markdown]
# ## How many visitors go on to register and deposit?
#
# The funnel follows people: a visitor who signs up later is one person. Entries are those of the period, and what follows within `window` counts.

# %%
steps = wh.funnel(period.start, period.end, window="7d")
steps

# %%
plots.funnel(steps)

# %%
say(findings.funnel(steps, "7 days"))

# %% [markdown]
# ## Which weekday is the strongest?
#
# Ask anything else in SQL, over the tables of the snapshot: `daily_metrics`, `event_summary`, `players`, `counted_events`, `events`. It is DuckDB, read-only.

# %%
weekdays = wh.sql(
    """
    SELECT dayname(event_date) AS weekday, avg(count) AS visitors_a_day, count(*) AS days
    FROM daily_metrics
    WHERE event_type = 'visit' AND event_date BETWEEN ? AND ?
    GROUP BY weekday
    ORDER BY visitors_a_day DESC, weekday
    """,
    [period.start, period.end],
)
weekdays

# %%
if weekdays.height > 1:
    best, worst = weekdays.row(0, named=True), weekdays.row(-1, named=True)
    answer = f"{best['weekday']}: {best['visitors_a_day']:,.0f} visitors on average; {worst['weekday']} is the weakest with {worst['visitors_a_day']:,.0f}."
else:
    answer = "It takes visits on two weekdays or more to tell."
say(answer)

# %% [markdown]
# ## And all at a glance?
#
# The dashboard, in a cell, of the snapshot that `wh` holds.

# %%
from panel_app import overview

overview(wh)
