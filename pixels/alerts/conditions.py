"""Whether a rule holds now, and what is to be said of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from pixels.alerts.rules import ANOMALIES, LAG, REBUILD_CHECK, SILENCE, Rule
from pixels.anomalies.figures import COUNTS, WEEK, runs
from pixels.anomalies.said import Writer, said, visitors_were_usual
from pixels.reports.days import today
from pixels.reports.words import quoted
from pixels.warehouse import Warehouse
from pixels.words import counted, instant

_TAG = "banner_tag"


@dataclass(frozen=True)
class Fact:
    """Something that holds."""

    key: str
    """The same as long as it is the same thing."""
    text: str


def facts(rule: Rule, wh: Warehouse, now: datetime) -> list[Fact]:
    """Return what holds of a rule; nothing: all is well."""
    return _OF[rule.on](rule, wh, now)


def _lag(rule: Rule, wh: Warehouse, now: datetime) -> list[Fact]:
    age = now - wh.complete_until
    if age <= rule.after:
        return []
    minutes = int(age.total_seconds() // 60)
    old = counted(minutes // 60, "hour") if minutes >= 120 else counted(minutes, "minute")
    through = instant(wh.complete_until, wh.time_zone)
    return [
        Fact(
            LAG,
            f"Data is through {through}, {old} ago: passes have stopped, or Kafka is behind. `pixels aggregate` says which.",
        )
    ]


def _rebuild_check(rule: Rule, wh: Warehouse, now: datetime) -> list[Fact]:
    check = wh.last_check
    if check is None or check.equal:
        return []
    tables = ", ".join(f"{table} {counted(rows, 'row')}" for table, rows in check.differences.items())
    at = instant(check.checked_at, wh.time_zone)
    return [
        Fact(
            f"{REBUILD_CHECK} {check.checked_at.isoformat()}", f"The rebuild check of {at} found differences: {tables}."
        )
    ]


def _anomalies(rule: Rule, wh: Warehouse, now: datetime) -> list[Fact]:
    """Look at the newest day of each figure that is known: the last one that is over, of a rate the last whose 7 days are."""
    last = today(wh) - timedelta(days=1)
    rates = rule.on != SILENCE  # no rate is ever silent
    found = wh.anomalies(last - timedelta(days=WEEK), last, everything=True, rates=rates)
    newest = pl.when(pl.col("measure").is_in(COUNTS)).then(pl.lit(last)).otherwise(pl.lit(last - timedelta(days=WEEK)))
    current = found.filter(pl.col("event_date") == newest)
    if rule.on == SILENCE:
        current = current.filter(pl.col("kind") == SILENCE)
    write = Writer(quoted)
    return [
        Fact(
            " ".join(
                (
                    run["measure"],
                    run["event_date"].isoformat(),
                    run["kind"],
                    "all" if run["is_total"] else f"of {run[_TAG]}",
                )
            ),
            said(run, _TAG, write, visitors_were_usual(found, run, _TAG)),
        )
        for run in runs(current, _TAG).iter_rows(named=True)
    ]


_OF: dict[str, Callable[[Rule, Warehouse, datetime], list[Fact]]] = {
    ANOMALIES: _anomalies,
    SILENCE: _anomalies,
    LAG: _lag,
    REBUILD_CHECK: _rebuild_check,
}
