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
# # Warehouse tour
#
# Every figure of Pixels comes from a few tables. Here you ask them by hand, in SQL; it is DuckDB, read-only, so nothing can break.

# %% [markdown]
# ## What tables are there?

# %%
import pixels
from pixels.reports import tour_findings
from pixels.reports.days import latest_days
from pixels.reports.elements import caution, head, say

wh = pixels.open()
period = latest_days(wh)
head(wh, period)

# %%
caution(wh, period)

# %%
tables = wh.sql(
    """
    SELECT table_name, estimated_size AS rows_about, columns
    FROM duckdb_tables()
    JOIN (
        SELECT database_name, table_name, string_agg(column_name, ', ' ORDER BY column_index) AS columns
        FROM duckdb_columns() GROUP BY ALL
    ) USING (database_name, table_name)
    WHERE database_name = 'snapshot'
    ORDER BY table_name
    """
)
tables

# %%
say(tour_findings.largest(tables))

# %% [markdown]
# ## What does an event look like?
#
# `events` has all that was stored, raw, until it is archived. `metadata` is JSON: `metadata ->> '$.s'` is the visitor key, `'$.b'` the click id.

# %%
newest = wh.sql(
    """
    SELECT created_at, event_type, player_id, banner_tag, metadata ->> '$.s' AS visitor_key, metadata ->> '$.b' AS click_id
    FROM events
    ORDER BY created_at DESC, id
    LIMIT 5
    """
)
newest

# %%
say("These are the newest events." if newest.height else "There is no raw event: none came, or all are archived.")

# %% [markdown]
# ## Which event counts?
#
# A person counts once a day and type. `counted_events` names the event that does, `daily_metrics` counts them, and `event_summary` splits the same by banner: they always agree.

# %%
agree = wh.sql(
    """
    SELECT coalesce(d.event_type, s.event_type) AS event_type, sum(d.count)::BIGINT AS daily_metrics, sum(s.count)::BIGINT AS event_summary
    FROM daily_metrics AS d
    FULL JOIN (SELECT event_date, event_type, sum(count) AS count FROM event_summary GROUP BY ALL) AS s USING (event_date, event_type)
    GROUP BY ALL
    ORDER BY ALL
    """
)
agree

# %%
say(tour_findings.agreement(agree))

# %% [markdown]
# ## Who is behind a player?
#
# `visitor_links` joins the visitor key of before a registration to the player. `players` has the firsts and the lasts of each.

# %%
linked = wh.sql(
    """
    SELECT count(*) AS players, count(*) FILTER (registration_at IS NOT NULL) AS registered,
        count(*) FILTER (deposit_at IS NOT NULL) AS deposited, (SELECT count(*) FROM visitor_links) AS linked_visitor_keys
    FROM players
    """
)
linked

# %%
say(tour_findings.people(linked))

# %% [markdown]
# ## What did not count?
#
# `rejected_events` has what was refused, with its reason; a row stands for `count` refusals. `wh.why(day, type)` shows what became of each record of a day.

# %%
refused = wh.sql(
    "SELECT reason, sum(count)::BIGINT AS refusals FROM rejected_events GROUP BY reason ORDER BY refusals DESC, reason"
)
refused

# %%
say(tour_findings.refused(refused))

# %% [markdown]
# ## How did it get here?
#
# Each pass writes a row into `aggregation_runs`, in the transaction that changes the figures.

# %%
runs = wh.sql("SELECT * FROM aggregation_runs ORDER BY run_id DESC LIMIT 5")
runs

# %% [markdown]
# ## And in Polars?
#
# `wh.sql` takes parameters and returns a Polars frame, so what is awkward in SQL is done there.

# %%
daily = wh.sql(
    "SELECT event_date, event_type, count FROM daily_metrics WHERE event_date BETWEEN ? AND ? ORDER BY ALL",
    [period.start, period.end],
)
wide = daily.pivot("event_type", index="event_date", values="count") if daily.height else daily
wide

# %%
say(tour_findings.per_100_visits(daily))
