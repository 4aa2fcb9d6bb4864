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
# # Whose log is right

# %%
from IPython.display import display

import pixels
from pixels import plots
from pixels.period import Day
from pixels.reconciliation.text import chosen_columns
from pixels.reports import reconciliation_findings as findings
from pixels.reports.days import chosen_days
from pixels.reports.elements import CHART_WIDTH, caution, chart, head, prepare_charts, say, table

prepare_charts()

# %% tags=["parameters"]
file: str = ""  # their log: the whole path of a CSV or Parquet file
event_type: str = "registration"  # what its rows are: visit, registration or deposit
affiliate: str = ""  # whose banners are compared: a name as `pixels banners import` was told it
banner: str = ""  # or one banner
from_: Day = ""  # first day, as 2026-11-01; by default the first of the file
to_: Day = ""  # last day, included; by default the last of the file
columns: str = ""  # which column says what, where the names do not tell; see docs/reports.md
time_zone: str = ""  # whose clock and days the file has; by default the warehouse's
date_format: str = ""  # how it writes days or times, such as %d.%m.%Y; by default as 2026-11-22
decimal: str = "."  # what stands before the decimals of an amount
snapshot: str = ""  # a folder under reports/snapshots, to see what an earlier report saw; by default the newest data

# %%
wh = pixels.open(snapshot or None)
tags = findings.banners_of(wh, affiliate, banner)
found = None
if file and tags:
    found = wh.reconcile(
        file,
        event_type,
        from_ or None,
        to_ or None,
        tags,
        columns=chosen_columns(part.strip() for part in columns.split(",") if part.strip()),
        time_zone=time_zone or None,
        date_format=date_format or None,
        decimal=decimal,
    )
period = found.period if found else chosen_days(wh, from_, to_)
head(wh, period, banner, whose=affiliate)

# %%
caution(wh, period)

# %% [markdown]
# ## What is the difference?

# %%
say(findings.sums(found) if found else findings.nothing_to_compare(file, affiliate, tags))

# %%
if found:
    display(say(findings.main_reason(found)))

# %%
if found and not found.reasons.is_empty():
    bars = plots.reconcile(found.reasons, width=CHART_WIDTH)
    display(chart(bars, "Why rows of the two logs differ, as bars"))

# %%
if found and not found.reasons.is_empty():
    display(table(findings.reasons(found), {"side": "Where", "meaning": "Why", "count": "Rows"}))

# %% [markdown]
# ## Which rows of your file are they?

# %%
if found:
    rows = findings.their_rows(found)
    display(table(rows, findings.headings(rows), 500) if rows.height else say("None: every row agrees."))

# %% [markdown]
# ## What does your file not have?
#
# Numbers only: who they are is not in your file.

# %%
if found:
    extra = findings.extra_by_day(found)
    shown = {"day": "Day", "banner": "Banner", "count": "Not in your file"}
    display(table(extra, shown, 200) if extra.height else say("Nothing."))

# %% [markdown]
# ## How to read this
#
# - A player **counts once a day**, for the banner that came first that day. Retries and declared crawlers do not count.
# - A **day** is one of the time zone above. An event near midnight is of another day elsewhere.
# - **Never received** is a click that did not become a page, a script blocker, or a pixel that is not on the page.
# - Rows are numbered from 1, the first below the names of the columns.
