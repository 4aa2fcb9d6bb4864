"""Sentences for the tour through the tables: what each query by hand comes to."""

from __future__ import annotations

import polars as pl

from pixels.reports.words import quoted
from pixels.words import counted, number, percent


def largest(tables: pl.DataFrame) -> str:
    """Say which table is the largest: table_name, rows_about."""
    if not tables["rows_about"].sum():
        return f"There are {counted(tables.height, 'table')}, all empty."
    row = tables.sort("rows_about", "table_name", descending=[True, False]).row(0, named=True)
    return f"There are {counted(tables.height, 'table')}; {row['table_name']} is the largest, with about {counted(row['rows_about'], 'row')}."


def agreement(sums: pl.DataFrame) -> str:
    """Say whether the two tables agree: event_type, daily_metrics, event_summary."""
    if sums.is_empty():
        return "Both are empty: nothing has been counted."
    differing = sums.filter(~pl.col("daily_metrics").eq_missing(pl.col("event_summary")))["event_type"].to_list()
    if differing:
        return f"They differ in {', '.join(differing)}, which must not be: run `pixels rebuild --check`."
    return f"They agree in each of {counted(sums.height, 'event type')}: {number(int(sums['daily_metrics'].sum()))} events count."


def people(frame: pl.DataFrame) -> str:
    """Say how many players registered and deposited: players, registered, deposited, linked_visitor_keys."""
    row = frame.row(0, named=True)
    if not row["players"]:
        return "Nobody is known yet."
    return (
        f"Of {counted(row['players'], 'player')} and visitor keys, {number(row['registered'])} "
        f"({percent(row['registered'] / row['players'])}) registered and {number(row['deposited'])} deposited; "
        f"{counted(row['linked_visitor_keys'], 'visitor key')} belong{'s' if row['linked_visitor_keys'] == 1 else ''} to one who registered."
    )


def refused(frame: pl.DataFrame) -> str:
    """Say what was refused the most: reason, refusals."""
    if frame.is_empty():
        return "Nothing was ever refused."
    reason, most = frame.row(0)
    return (
        f"{counted(int(frame['refusals'].sum()), 'refusal')} in all, most of them as {quoted(reason)} ({number(most)})."
    )


def per_100_visits(daily: pl.DataFrame) -> str:
    """Say how registrations stand to visits on the same days: event_date, event_type, count."""
    sums = dict(daily.group_by("event_type").agg(pl.col("count").sum()).iter_rows())
    visits = sums.get("visit", 0)
    if not visits:
        return "No visit was counted in these days, so there is nothing to divide by."
    rate = sums.get("registration", 0) / visits * 100
    return f"On these days there were {rate:.1f} registrations per 100 visits: no conversion rate, since those who registered need not be those who visited."
