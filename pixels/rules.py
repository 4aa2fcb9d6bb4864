"""What a day is, which of several records is the event, which visits compete: the rules that both sides must read alike.

The write side counts by them, and the read side says by them why a record did not count. Pure functions over frames with
the columns of an event: no function here reads a clock or a file.
"""

from __future__ import annotations

import msgspec
import polars as pl

DAY = "event_date"
INSTANT = pl.Datetime("ms", "UTC")
"""The type of an instant in what the read side hands out."""
BOT_MARK = r'[{,]"_bot":'
"""Finds the key in an event's metadata, whose canonical JSON escapes every quote that is no delimiter."""

EVENT_FIELDS = ("id", "player_id", "event_type", "banner_tag", "metadata", "source_ip", "user_agent", "created_at")

_SAME_EVENT = [DAY, "id"]
_canonical = msgspec.json.Encoder(order="deterministic")


def with_day(frame: pl.DataFrame, time_zone: str, instant: str = "created_at") -> pl.DataFrame:
    """Add `event_date`, the calendar day of an instant (UTC) in the time zone."""
    day = pl.col(instant).dt.convert_time_zone(time_zone).dt.date()
    return frame.with_columns(day.alias(DAY))


def competing(events: pl.DataFrame, *, count_bots: bool) -> pl.DataFrame:
    """Leave out the visits of declared crawlers, unless they count; whatever else carries the mark is none."""
    if count_bots:
        return events
    return events.filter((pl.col("event_type") != "visit") | ~pl.col("metadata").str.contains(BOT_MARK))


def earliest_records(records: pl.DataFrame) -> pl.DataFrame:
    """Keep one record a day and id: the earliest by created_at, banner_tag and canonical JSON; of identical ones the first."""
    return in_order(records).unique(_SAME_EVENT, keep="first", maintain_order=True)


def in_order(records: pl.DataFrame) -> pl.DataFrame:
    """Sort records that agree in day and id: by created_at, banner_tag and canonical JSON; identical ones stay in order."""
    ordered = records.sort("created_at", "banner_tag", maintain_order=True)
    tied = pl.struct(*_SAME_EVENT, "created_at", "banner_tag").is_duplicated()
    ties = ordered.filter(tied)
    if ties.is_empty():
        return ordered
    canonical = pl.Series("canonical", [canonical_json(row) for row in ties.iter_rows(named=True)], pl.Binary)
    broken = ties.with_columns(canonical).sort("canonical", maintain_order=True).drop("canonical")
    return pl.concat([ordered.filter(~tied), broken]).sort("created_at", "banner_tag", maintain_order=True)


def canonical_json(event: dict[str, object]) -> bytes:
    """Return an event as JSON that depends on nothing but its content: keys sorted, no spaces, UTF-8, UTC milliseconds."""
    instant = event["created_at"]
    content = {name: event[name] for name in EVENT_FIELDS} | {
        "created_at": f"{instant:%Y-%m-%dT%H:%M:%S}.{instant.microsecond // 1000:03d}Z",  # type: ignore[attr-defined]
        "metadata": msgspec.Raw(str(event["metadata"]).encode()),
    }
    return _canonical.encode(content)
