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
# # Anomaly investigation

# %%
from datetime import date, timedelta

from IPython.display import display

import pixels
from pixels import plots
from pixels.anomalies.figures import runs
from pixels.period import Day
from pixels.reports import anomaly_findings
from pixels.reports.days import chosen_days
from pixels.reports.elements import CHART_WIDTH, caution, chart, head, prepare_charts, say, table

prepare_charts()

# %% tags=["parameters"]
from_: Day = ""  # first day, as 2026-11-01; by default the first of the latest four weeks
to_: Day = ""  # last day, included; by default the latest that is over
day: Day = ""  # the day to look into; by default the one that chance explains the least
snapshot: str = ""  # a folder under reports/snapshots, to see what an earlier report saw; by default the newest data

# %%
wh = pixels.open(snapshot or None)
period = chosen_days(wh, from_, to_)
head(wh, period)

# %%
caution(wh, period)

# %% [markdown]
# ## What stood out?
#
# Of all banners together and of each: visitors, registrations and first deposits of a day, and how those who entered in seven days converted.

# %%
everything = wh.anomalies(period.start, period.end, everything=True)
found = runs(everything, "banner_tag")
for sentence in anomaly_findings.stood_out(found, everything):
    display(say(sentence))

# %%
table(
    anomaly_findings.shown(found),
    {
        "day": "Day",
        "measure": "Figure",
        "whose": "Of",
        "kind": "Stood out as",
        "days": "Days",
        "value": "Value",
        "expected": "Expected",
        "lower": "At least",
        "upper": "At most",
    },
    numbers=anomaly_findings.WRITTEN,
)

# %% [markdown]
# ## The day that chance explains the least

# %%
subject = anomaly_findings.subject(found, date.fromisoformat(day) if day else None)
if subject is None:
    display(say(f"No count stood out on {day}." if day else "No count stood out, so there is no day to look into."))
else:
    banner = None if subject["is_total"] else subject["banner_tag"]
    display(say(anomaly_findings.sentence(subject, everything)))
    band = plots.anomalies(everything, subject["measure"], banner, width=CHART_WIDTH)
    display(chart(band, "The figure by day, with what was expected and its limits, as a line in a band"))

# %% [markdown]
# ## Who does it come from?

# %%
if subject is not None:
    parts = anomaly_findings.parts(everything, subject)
    display(say(anomaly_findings.explained(parts, subject)))
    headings = {"banner_tag": "Banner", "value": "Value", "expected": "Expected", "difference": "Difference"}
    display(table(parts, headings, 12))

# %% [markdown]
# ## At which hours?

# %%
if subject is not None:
    on = subject["event_date"]
    display(say(anomaly_findings.by_hour(wh.hours(on), wh.hours(on - timedelta(days=7)), subject)))

# %% [markdown]
# ## What became of what was received?

# %%
if subject is not None:
    display(say(anomaly_findings.received(wh.accounting(on), wh.refused(on), subject)))

# %% [markdown]
# ## How to read these figures
#
# - **Expected** is what the weeks before let expect of that day of the week; the **limits** leave out one day in 1,000 by chance alone.
# - A day **stands out** when it does so beside all other figures of that day: no more than one in a hundred of those that do is there by chance.
# - **Silence** is a count that is 0: a pixel that broke, or a banner that ended. A **fall** or **rise** of visitors, with conversion as ever, is traffic; of conversion, with visitors as ever, is the site or who comes.
# - A day that is not over is never told of, and a conversion only when the seven days of all who entered are.
