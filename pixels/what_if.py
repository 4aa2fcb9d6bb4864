"""What the counts would be under another rule of counting, worked out from the records, beside what they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import polars as pl

from pixels.dimensions import TAG, Dimensions
from pixels.funnel import one_of
from pixels.metrics import banner_tags, summary
from pixels.period import Period
from pixels.records import records
from pixels.rules import DAY, INSTANT, competing, earliest_records
from pixels.snapshot import Snapshot

RULES = {
    "per_day": (DAY, "event_type", "player_id"),
    "per_event": (DAY, "id"),
    "per_day_and_banner": (DAY, "event_type", "player_id", TAG),
    "first_ever": ("event_type", "player_id"),
}
"""Of all events that agree in these columns, a rule lets the earliest count, by created_at, then id."""
PERS = ("day",)
_COUNTS = ["count", "what_if", "difference"]
_BY_BANNER = [DAY, "event_type", TAG]
_RECORDS_AT_ONCE = 100_000


def check_rule(rule: object) -> str:
    """Return the rule. Raises BadParameter that lists what there is."""
    return str(one_of("rule", rule, tuple(RULES)))


def what_if(
    dimensions: Dimensions,
    rule: str,
    period: Period,
    by: str = TAG,
    per: str | None = None,
    banner: str | Sequence[str] | None = None,
    at_once: int = _RECORDS_AT_ONCE,
) -> pl.DataFrame:
    """Return what counts on the local days of the period, both included, and what would count by one of RULES.

    Out: event_type, the dimension `by` (of banners), in this order, and (Int64)
         count        what counts, as in `event_summary`
         what_if      what would count by the rule
         difference   what_if - count
    With `per` "day" event_date stands before them. A row for each that either counts; all banners or those named, which
    changes no decision: whether an event counts is decided among those of all banners.

    The second figure is worked out from the records alone, in the tables and in the archive, by the rules of
    `pixels.rules`; by "first_ever" also from `counted_events` of other days, which say since when a player counts. By
    "per_day" it is the first one again, or one of them is wrong. Nothing is changed. Holds `at_once` records in memory, but
    those of a day at least; by "first_ever" also an event of each player and type. Raises NoArchive.
    """
    tags = banner_tags(banner)
    asked = _recounted(dimensions, rule, period, at_once)
    if tags is not None:
        asked = asked.filter(pl.col(TAG).is_in(tags))
    stored = summary(dimensions.snapshot, period, tags)
    beside = stored.join(asked, on=_BY_BANNER, how="full", coalesce=True).fill_null(0)
    beside = beside.with_columns(difference=pl.col("what_if") - pl.col("count"))
    key = ["event_type", by] if per is None else [DAY, "event_type", by]
    return dimensions.add(beside, by).group_by(key).agg(pl.col(_COUNTS).sum()).sort(key, nulls_last=True)


def _recounted(dimensions: Dimensions, rule: str, period: Period, at_once: int) -> pl.DataFrame:
    """Return what counts by the rule: event_date, event_type, banner_tag, what_if."""
    snapshot, key = dimensions.snapshot, RULES[rule]
    ends_with_the_day = DAY in key
    pieces = [
        _by_banner(counted) if ends_with_the_day else counted
        for counted in (_earliest(events, key) for events in _events(dimensions, period, at_once))
    ]
    found = pl.concat(pieces)
    return found if ends_with_the_day else _by_banner(_of_these_days(snapshot, _earliest(found, key), period))


def _events(dimensions: Dimensions, period: Period, at_once: int) -> Iterator[pl.DataFrame]:
    """Yield the events of the period that compete, whole days at once: event_date, event_type, player_id, banner_tag, id, created_at."""
    snapshot = dimensions.snapshot
    of_warehouse = snapshot.query("rules_of_warehouse").row(0, named=True)
    received = snapshot.query("received_by_day", start=period.start, end=period.end)
    for piece in _pieces(period, list(received.iter_rows()), at_once):
        found = records(snapshot, piece, dimensions.time_zone)
        several = pl.struct(DAY, "id").is_duplicated()
        events = pl.concat([found.filter(~several), earliest_records(found.filter(several))])
        chosen = competing(events, count_bots=of_warehouse["count_bots"])
        yield chosen.select(*_BY_BANNER, "player_id", "id", "created_at")


def _pieces(period: Period, received: list[tuple[date, int]], at_once: int) -> Iterator[Period]:
    """Cut the period where a piece would hold too many records; `received` are the records of its days, in order."""
    start, held = period.start, 0
    for day, number in received:
        if held and held + number > at_once:
            yield Period(start, day - timedelta(days=1))
            start, held = day, 0
        held += number
    yield Period(start, period.end)


def _earliest(events: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    return events.sort("created_at", "id").unique(key, keep="first", maintain_order=True)


def _by_banner(counted: pl.DataFrame) -> pl.DataFrame:
    return counted.group_by(_BY_BANNER).agg(what_if=pl.len().cast(pl.Int64))


def _of_these_days(snapshot: Snapshot, first: pl.DataFrame, period: Period) -> pl.DataFrame:
    """Leave out those who counted earlier, on a day outside the period.

    That day need not be before it: where clocks go back over midnight, an earlier event can be of a later day.
    """
    other = snapshot.query("earliest_on_other_days", start=period.start, end=period.end).cast({"first_at": INSTANT})
    beside = first.join(other, on=["event_type", "player_id"], how="left")
    return beside.filter(pl.col("first_at").is_null() | (pl.col("created_at") < pl.col("first_at")))
