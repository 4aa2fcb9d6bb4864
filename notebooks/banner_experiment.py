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
# # Which banner is better?

# %%
import polars as pl
from IPython.display import display

import pixels
from pixels import plots
from pixels.banner_verdict import cautions, conclusion
from pixels.period import Day
from pixels.reports import banner_findings
from pixels.reports.days import chosen_days
from pixels.reports.elements import CHART_WIDTH, caution, chart, head, prepare_charts, say, table

prepare_charts()

# %% tags=["parameters"]
from_: Day = ""  # first day of entry, as 2026-11-01; by default the first of the latest four weeks
to_: Day = ""  # last day of entry, included; by default the latest that is over
by: str = "banner_tag"  # what is compared: banner_tag, affiliate, campaign, name, or a part of the tag
measure: str = "registration_rate"  # of visitors who registered, or deposit_rate: of those who deposited
snapshot: str = ""  # a folder under reports/snapshots, to see what an earlier report saw; by default the newest data

# %%
wh = pixels.open(snapshot or None)
period = chosen_days(wh, from_, to_)
compared = wh.compare_banners(period.start, period.end, by=by, measure=measure)
whom, done = {"registration_rate": ("New visitors", "Registered"), "deposit_rate": ("Registered", "Deposited")}[measure]
head(wh, period)

# %%
caution(wh, period)

# %% [markdown]
# ## Which is the best, and how sure is that?
#
# New visitors by the banner that they entered by, each given 7 days; who came too lately for that is left out.

# %%
say(conclusion(compared, measure))

# %%
known = compared.filter(pl.col("entries") > 0)
if not known.is_empty():
    description = "The rate of each with its intervals, and the probability to be the best"
    display(chart(plots.compare_banners(known, width=CHART_WIDTH), description))

# %%
table(
    known.with_columns(
        observed=pl.col("rate") * 100,
        expected=pl.col("expected_rate") * 100,
        low=pl.col("expected_lower") * 100,
        high=pl.col("expected_upper") * 100,
        best=pl.col("probability_best") * 100,
        costs=pl.col("expected_loss") * 100,
    ),
    {
        by: "Banner" if by == "banner_tag" else by,
        "entries": whom,
        "converted": done,
        "observed": "%",
        "expected": "Likely %",
        "low": "from",
        "high": "to",
        "best": "Best, with %",
        "costs": "Choosing it costs, points",
    },
)

# %% [markdown]
# ## What does that not say?

# %%
say(" ".join(cautions(compared, measure)) or "Nothing is compared, so there is nothing to be careful with.")

# %% [markdown]
# ## Did the two in front run on the same days?

# %%
by_day = wh.conversions(period.start, period.end, by=by, per="day")
say(banner_findings.same_days(compared, by_day, measure))

# %% [markdown]
# ## What would an experiment take?
#
# Only chance makes groups alike in all but the banner: show each visitor of one place one of the two banners, drawn by lot.

# %%
say(banner_findings.experiment(compared, by_day, measure))

# %% [markdown]
# ## How to read these figures
#
# - The **broad line** is where a banner's own rate is likely to lie given all banners: small ones are drawn towards the rest. The **thin line** is what its own counts alone leave open.
# - The **probability to be the best** is that no other banner's own rate is higher. From 95 % and 100 people on a banner is called the best.
# - **Choosing it costs** what the best banner's rate is to be expected to be higher, in percentage points.
# - An **experiment** finds a difference of that size in four of five cases, and one where there is none in one of twenty.
