"""The funnel as one would write it at first in Polars, and by ClickHouse's `windowFunnel`."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from benchmarks.aggregator.processes import told_by

_WINDOW = timedelta(days=7)


def polars_funnel(con: duckdb.DuckDBPyConnection, days: tuple[str, str]) -> list[int]:
    """Count the people of each step: everything into frames, joined by time."""
    start, end = (date.fromisoformat(day) for day in days)
    events = con.execute(
        "SELECT player_id, event_type, event_date, created_at FROM counted_events "
        "WHERE event_date BETWEEN $start AND $end::DATE + 8",
        {"start": start, "end": end},
    ).pl()
    links = con.execute(
        "SELECT visitor_key AS player_id, player_id AS person FROM visitor_links "
        "WHERE visitor_key NOT IN (SELECT player_id FROM players WHERE registration_at IS NOT NULL)"
    ).pl()
    people = events.lazy().join(links.lazy(), on="player_id", how="left").sort("created_at")
    steps = people.with_columns(pl.coalesce("person", "player_id").alias("person"))
    visits, registrations, deposits = (
        steps.filter(pl.col("event_type") == event_type).select("person", "event_date", at="created_at")
        for event_type in ("visit", "registration", "deposit")
    )
    entries = visits.filter(pl.col("event_date").is_between(start, end)).with_columns(entered_at="at")
    registered = _next(entries, registrations.with_columns(registered_at="at"), "registered_at")
    deposited = _next(
        registered.with_columns(at="registered_at"), deposits.with_columns(deposited_at="at"), "deposited_at"
    )
    counted = pl.collect_all(step.select(pl.col("person").n_unique()) for step in (entries, registered, deposited))
    return [count.item() for count in counted]


def _next(tries: pl.LazyFrame, events: pl.LazyFrame, instant: str) -> pl.LazyFrame:
    later = events.select("person", "at", instant).sort("at")
    joined = tries.sort("at").join_asof(later, on="at", by="person", strategy="forward", check_sortedness=False)
    return joined.filter(pl.col(instant) <= pl.col("entered_at") + _WINDOW)


def exported(con: duckdb.DuckDBPyConnection, folder: Path) -> Path:
    """Write the tables of a funnel as Parquet, for ClickHouse's engine to load."""
    folder.mkdir()
    for table, columns in {
        "counted_events": "player_id, event_type, event_date, epoch_ms(created_at) AS at",
        "visitor_links": "visitor_key, player_id",
        "players": "player_id, registration_at IS NOT NULL AS is_registered",
    }.items():
        con.execute(f"COPY (SELECT {columns} FROM {table}) TO '{folder}/{table}.parquet'")
    return folder


def clickhouse_funnels(python: str, folder: Path, rounds: int, ranges: dict[str, tuple[str, str]]) -> dict[str, Any]:
    """Return by name of the range: seconds (a list) and players (of each step)."""
    script = Path(__file__).with_name("clickhouse.py")
    days = [f"{name}={start}={end}" for name, (start, end) in ranges.items()]
    return told_by([python, str(script), str(folder), str(rounds), *days])
