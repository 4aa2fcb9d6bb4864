"""Which records become events, and which of those compete: rules 2 to 5 of what counts, as pure functions over frames.

No function here reads a clock or a file: what comes out depends on the records and the settings alone.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import polars as pl

from aggregator.decode import EVENT_COLUMNS

DAY = "event_date"
BOT_MARK = r'[{,]"_bot":'
"""Finds the key in an event's metadata, whose canonical JSON escapes every quote that is no delimiter."""

_SAME_EVENT = [DAY, "id"]
_canonical = msgspec.json.Encoder(order="deterministic")


class Changes(NamedTuple):
    """What a batch changes in `events`: rows to add, and stored rows that an earlier record takes the place of.

    Both have the columns of an event and its `event_date`.
    """

    new: pl.DataFrame
    replaced: pl.DataFrame
    repeated: int
    """Records of an event that is stored already, or stands in the batch in an earlier form."""


def with_day(events: pl.DataFrame, time_zone: str) -> pl.DataFrame:
    """Add `event_date`, the calendar day of `created_at` in the time zone."""
    day = pl.col("created_at").dt.convert_time_zone(time_zone).dt.date()
    return events.with_columns(day.alias(DAY))


def changes(batch: pl.DataFrame, stored: pl.DataFrame) -> Changes:
    """Weigh a batch against the stored events that share an id with it; both with `event_date`.

    Records that agree in day and id are one event, and the earliest of them stays.
    """
    rivals = earliest_records(pl.concat([stored.with_columns(is_stored=True), batch.with_columns(is_stored=False)]))
    new = rivals.filter(~pl.col("is_stored")).drop("is_stored")
    replaced = stored.join(new, on=_SAME_EVENT, how="semi")
    return Changes(new, replaced, repeated=batch.height - new.height)


def competing(events: pl.DataFrame, *, count_bots: bool) -> pl.DataFrame:
    """Leave out the visits of declared crawlers, unless they count; whatever else carries the mark is none."""
    if count_bots:
        return events
    return events.filter((pl.col("event_type") != "visit") | ~pl.col("metadata").str.contains(BOT_MARK))


def earliest_records(records: pl.DataFrame) -> pl.DataFrame:
    """Keep one record a day and id: the earliest by created_at, banner_tag and canonical JSON; of identical ones the first."""
    fields = [DAY, *EVENT_COLUMNS]
    distinct = records.unique(fields, keep="first", maintain_order=True)
    contested = pl.struct(_SAME_EVENT).is_duplicated()
    rivals = distinct.filter(contested)
    if rivals.is_empty():
        return distinct
    winners = (
        rivals.with_columns(pl.Series("canonical", [canonical_json(row) for row in rivals.iter_rows(named=True)]))
        .sort("created_at", "banner_tag", "canonical")
        .unique(_SAME_EVENT, keep="first", maintain_order=True)
        .drop("canonical")
    )
    return pl.concat([distinct.filter(~contested), winners])


def canonical_json(event: dict[str, object]) -> bytes:
    """Return an event as JSON that depends on nothing but its content: keys sorted, no spaces, UTF-8, UTC milliseconds."""
    instant = event["created_at"]
    content = {name: event[name] for name in EVENT_COLUMNS} | {
        "created_at": f"{instant:%Y-%m-%dT%H:%M:%S}.{instant.microsecond // 1000:03d}Z",  # type: ignore[attr-defined]
        "metadata": msgspec.Raw(str(event["metadata"]).encode()),
    }
    return _canonical.encode(content)
