"""Storing a batch: its records, the rejected ones, and every rollup; all in the caller's transaction."""

from __future__ import annotations

import duckdb
import polars as pl

from aggregator.counting import COUNTED_COLUMNS, KEY, account_by_banner, account_of, account_of_counting, recount
from aggregator.money import deposits
from aggregator.store.history import span_of_days, stored_events, stored_records
from aggregator.store.runs import Outcome
from aggregator.transform import Changes, changes
from pixels.config import Settings
from pixels.resources import sql
from pixels.rules import DAY, competing, with_day


def store_batch(
    con: duckdb.DuckDBPyConnection, events: pl.DataFrame, rejected: pl.DataFrame, settings: Settings
) -> Outcome:
    """Write a batch's events, rejected records and all rollups; the caller's transaction also holds the offsets.

    `events` has EVENT_COLUMNS, `rejected` REJECTED_COLUMNS. Of the settings, time zone and bots are those of the warehouse.
    """
    batch = with_day(events, settings.timezone)
    change = changes(batch, stored_records(con, settings, batch))
    store_rejected(con, rejected, settings)
    outcome = Outcome(
        events_stored=change.new.height - change.replaced.height,
        events_replaced=change.replaced.height,
        records_repeated=change.repeated,
        repeats_stored=change.new_repeats.height + change.replaced.height,
        records_rejected=rejected.height,
    )
    if change.new.is_empty() and change.new_repeats.is_empty():
        return outcome
    return outcome + store_changes(con, change, settings)


def store_rejected(con: duckdb.DuckDBPyConnection, rejected: pl.DataFrame, settings: Settings) -> None:
    """Write rejected records (REJECTED_COLUMNS) and their counts by day."""
    if rejected.height:
        con.register("rejected", with_day(rejected, settings.timezone, "rejected_at"))
        _run(con, "rejected_events", "daily_refusals")


def store_changes(con: duckdb.DuckDBPyConnection, change: Changes, settings: Settings) -> Outcome:
    """Write what changes in the set of records, and all rollups; say what was counted and what was set aside."""
    con.register("new_events", change.new)
    con.register("replaced_events", change.replaced)
    con.register("new_repeats", change.new_repeats)
    _run(con, "events")
    # Only what competes reaches the rollups: a replacement can take an event out of them, or bring it in.
    new = competing(change.new, count_bots=settings.count_bots)
    lost = competing(change.replaced, count_bots=settings.count_bots)
    grown = _store_counted(con, change, new, lost, settings)
    _store_players(con, new, lost, settings)
    _store_visitor_links(con, settings)
    _store_deposits(con, new, settings)
    return Outcome(events_counted=grown, bots_set_aside=change.new.height - new.height)


def _store_counted(
    con: duckdb.DuckDBPyConnection, change: Changes, new: pl.DataFrame, lost: pl.DataFrame, settings: Settings
) -> int:
    """Let the earliest count, and account for all; return how many more count than before."""
    before = _counted_before(con, pl.concat([new.select(KEY), lost.select(KEY)]))
    left = _competitors(con, lost.select(KEY).unique(), settings)
    again = recount(new, lost, left, before)
    con.register("counted_gone", again.gone)
    con.register("counted_came", again.came)
    there = _competitors(con, again.recounted, settings)
    accounts = [
        account_of_counting(new, lost, there, before, again),
        account_of(change.new_repeats, "same_event_again"),
        account_of(change.replaced, "same_event_again"),
        account_of(_set_aside(change.new, new), "bots"),
        account_of(_set_aside(change.replaced, lost), "bots", -1),
    ]
    con.register("accounts", account_by_banner(accounts))
    _run(con, "counted_events", "event_summary", "daily_metrics", "daily_accounting")
    return again.after.height - before.height


def _set_aside(events: pl.DataFrame, competitors: pl.DataFrame) -> pl.DataFrame:
    """Return the events that do not compete: mostly none, and then there is nothing to look for."""
    if events.height == competitors.height:
        return events.clear()
    return events.join(competitors, on=[DAY, "id"], how="anti")


def _counted_before(con: duckdb.DuckDBPyConnection, touched: pl.DataFrame) -> pl.DataFrame:
    """Return what counts so far of these days, types and players, as COUNTED_COLUMNS."""
    con.register("touched", touched)
    days = {"first": touched[DAY].min(), "last": touched[DAY].max()}
    return con.execute(sql("queries/counted_before.sql"), days).pl().cast(COUNTED_COLUMNS)  # type: ignore[arg-type]


def _store_players(con: duckdb.DuckDBPyConnection, new: pl.DataFrame, lost: pl.DataFrame, settings: Settings) -> None:
    con.register("competing_lost", lost)
    players = con.execute(sql("queries/lost_players.sql")).pl()
    left = stored_events(con, settings, "events_of_players", players, ["player_id"])
    times_left = _times(competing(left, count_bots=settings.count_bots))
    con.register("players_left", players.join(times_left, on="player_id", how="left"))
    con.register("players_new", _times(new))
    _run(con, "players")


def _times(events: pl.DataFrame) -> pl.DataFrame:
    return events.group_by("player_id").agg(
        first_seen=pl.col("created_at").min(),
        last_event_at=pl.col("created_at").max(),
        registration_at=pl.col("created_at").filter(pl.col("event_type") == "registration").min(),
        deposit_at=pl.col("created_at").filter(pl.col("event_type") == "deposit").min(),
    )


def _store_visitor_links(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    lost = con.execute(sql("queries/lost_visitor_keys.sql")).pl()
    left = stored_events(con, settings, "registrations_of_visitor_keys", lost, ["visitor_key"])
    con.register("lost_visitor_keys", lost)
    con.register("registrations_left", left.filter(pl.col("event_type") == "registration"))
    _run(con, "visitor_links")


def _store_deposits(con: duckdb.DuckDBPyConnection, new: pl.DataFrame, settings: Settings) -> None:
    lost = con.execute(sql("queries/lost_depositors.sql")).pl()
    left = stored_events(con, settings, "events_of_players", lost, ["player_id"])
    candidates = deposits(pl.concat([new, left]))
    if candidates.height or lost.height:
        con.register("lost_depositors", lost)
        con.register("deposits", candidates)
        _run(con, "counted_deposits")


def _competitors(con: duckdb.DuckDBPyConnection, keys: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Return what is stored now and competes for these days, types and players."""
    if keys.is_empty():
        return stored_events(con, settings, "competing_events", keys, KEY)
    events = stored_events(con, settings, "competing_events", keys, KEY, span_of_days(keys[DAY]))
    return competing(events, count_bots=settings.count_bots)


def _run(con: duckdb.DuckDBPyConnection, *upserts: str) -> None:
    for name in upserts:
        con.execute(sql(f"upserts/{name}.sql"))
