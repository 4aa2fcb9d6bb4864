"""Which records become events, and which of those compete: rules 2 to 5 of what counts, as pure functions over frames.

No function here reads a clock or a file: what comes out depends on the records and the settings alone.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from aggregator.decode import EVENT_COLUMNS
from pixels.rules import DAY, in_order

RECORD = [DAY, *EVENT_COLUMNS]
"""What makes two records one and the same."""

VISITOR_KEY = pl.col("metadata").str.json_decode(pl.Struct({"s": pl.String})).struct.field("s")
"""The site's visitor key that an event carries; null when it carries none."""

_SAME_EVENT = [DAY, "id"]


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
