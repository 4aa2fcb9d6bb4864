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

RECORD = [DAY, *EVENT_COLUMNS]
"""What makes two records one and the same."""

VISITOR_KEY = pl.col("metadata").str.json_decode(pl.Struct({"s": pl.String})).struct.field("s")
"""The site's visitor key that an event carries; null when it carries none."""

_SAME_EVENT = [DAY, "id"]
_canonical = msgspec.json.Encoder(order="deterministic")


class Changes(NamedTuple):
    """What a batch changes in the set of records. All frames have the columns of an event and its `event_date`."""

    new: pl.DataFrame
    """Events to add."""
    replaced: pl.DataFrame
    """Stored events that one of those takes the place of; also `place`, where they lie."""
    new_repeats: pl.DataFrame
    """Records of the batch that are the same event again, and were not stored yet."""
    repeated: int
    """Records of an event that is stored already, or stands in the batch in an earlier form."""


def with_day(frame: pl.DataFrame, time_zone: str, instant: str = "created_at") -> pl.DataFrame:
    """Add `event_date`, the calendar day of an instant (UTC) in the time zone."""
    day = pl.col(instant).dt.convert_time_zone(time_zone).dt.date()
    return frame.with_columns(day.alias(DAY))


def changes(batch: pl.DataFrame, stored: pl.DataFrame) -> Changes:
    """Weigh a batch against the stored records that share an id with it, wherever they lie (`place`).

    Records that agree in day and id are one event, and the earliest of them stays. Both frames have `event_date`.
    """
    columns = [*RECORD, "place"]
    records = pl.concat([stored.select(columns), batch.with_columns(place=pl.lit(None, pl.String)).select(columns)])
    contested = pl.struct(_SAME_EVENT).is_duplicated()
    comes, alone = pl.col("place").is_null(), records.filter(~contested)
    rivals = in_order(records.filter(contested).unique(RECORD, keep="first", maintain_order=True))
    winners = rivals.unique(_SAME_EVENT, keep="first", maintain_order=True)
    new = winners.filter(comes)
    stood = rivals.filter(~comes).unique(_SAME_EVENT, keep="first", maintain_order=True)
    new = pl.concat([alone.filter(comes), new]).drop("place")
    return Changes(
        new,
        replaced=stood.join(new, on=_SAME_EVENT, how="semi"),
        new_repeats=rivals.filter(comes).join(new, on=RECORD, how="anti", nulls_equal=True).drop("place"),
        repeated=batch.height - new.height,
    )


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
    content = {name: event[name] for name in EVENT_COLUMNS} | {
        "created_at": f"{instant:%Y-%m-%dT%H:%M:%S}.{instant.microsecond // 1000:03d}Z",  # type: ignore[attr-defined]
        "metadata": msgspec.Raw(str(event["metadata"]).encode()),
    }
    return _canonical.encode(content)
