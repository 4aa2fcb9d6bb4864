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
# # Cohort forecast

# %%
from datetime import timedelta

import polars as pl
from IPython.display import display

import pixels
from pixels import plots
from pixels.period import Day
from pixels.reports import forecast_findings
from pixels.reports.days import chosen_days
from pixels.reports.elements import CHART_WIDTH, caution, chart, head, prepare_charts, say, table

prepare_charts()

# %% tags=["parameters"]
from_: Day = ""  # first day on which people began, as 2026-11-01; by default the first of the latest four weeks
to_: Day = ""  # last day on which they began, included; by default the latest that is over
conversion: str = "deposit"  # deposit: first deposits of those who registered; registration: of those who came
window: int = 14  # how many days each person is given
snapshot: str = ""  # a folder under reports/snapshots, to see what an earlier report saw; by default the newest data

# %%
wh = pixels.open(snapshot or None)
period = chosen_days(wh, from_, to_)
within, given = f"{window}d", f"{window} day{'' if window == 1 else 's'}"
head(wh, period)

# %%
caution(wh, period)

# %% [markdown]
# ## How soon do they convert?
#
# Everybody counts for as long as is known of them: those who began yesterday are neither left out nor taken for lost.

# %%
curve = wh.time_to_convert(period.start, period.end, conversion, within=within)
say(forecast_findings.how_soon(curve, conversion, given))

# %%
if curve["converted_share"].drop_nulls().len():
    display(
        chart(plots.time_to_convert(curve, width=CHART_WIDTH), "The share that has converted by each day, as a curve")
    )

# %% [markdown]
# ## Whose people take long?
#
# Of the banner that they came by. A banner whose people take a week shows nothing of a week's effort yet.

# %%
by_banner = wh.time_to_convert(period.start, period.end, conversion, by="banner_tag", within=within)
say(forecast_findings.slow_ones(curve, by_banner))

# %% [markdown]
# ## How many will still convert?
#
# By the week in which they began. What is expected is learnt from these weeks and those before.

# %%
cohorts = wh.forecast(period.start, period.end, conversion, within=within)
say(forecast_findings.still_to_come(cohorts, conversion, given))

# %%
if not cohorts.is_empty():
    display(
        chart(
            plots.forecast(cohorts, conversion, width=CHART_WIDTH), "Who has converted and who is expected to, as bars"
        )
    )

# %%
table(
    cohorts.with_columns(pl.col("lower", "upper").cast(pl.Int64), week=pl.col("cohort").cast(pl.String)),
    {
        "week": "Week from",
        "people": "People",
        "converted": "Converted so far",
        "open": "Still have time",
        "expected": "Expected in the end",
        "lower": "At least",
        "upper": "At most",
    },
)

# %% [markdown]
# ## How often was that right?
#
# What would have been forecast at the end of each week of the last half year, beside what came of the same people.

# %%
half_a_year_before = period.end - timedelta(days=182)
tested = wh.forecast_backtest(half_a_year_before, period.end, conversion, within=within)
say(forecast_findings.how_right(tested))

# %%
table(
    tested.sort("as_of", "cohort")
    .tail(12)
    .with_columns(
        pl.col("lower", "upper").cast(pl.Int64),
        made=pl.col("as_of").cast(pl.String),
        week=pl.col("cohort").cast(pl.String),
        held=pl.col("held").replace_strict({True: "yes", False: "no"}, return_dtype=pl.String),
    ),
    {
        "made": "Forecast made",
        "week": "Week from",
        "expected": "Expected",
        "lower": "At least",
        "upper": "At most",
        "actual": "Came",
        "held": "Held",
    },
)

# %% [markdown]
# ## How to read these figures
#
# - The **share** is Kaplan and Meier's estimate. It takes for granted that those who began lately will convert as those before did.
# - The **limits** of a forecast hold what chance does to each person, and that some weeks are readier than others. A change that has not shown yet they cannot hold.
# - A forecast **held** when what came was within its limits.
