"""What came last: the newest events, whether or not they count."""

from __future__ import annotations

import polars as pl

from pixels.errors import BadParameter
from pixels.rules import INSTANT
from pixels.snapshot import Snapshot

MOST = 1_000


def newest_events(snapshot: Snapshot, number: int) -> pl.DataFrame:
    """Return the newest events of those that are not archived, the newest first.

    created_at (UTC), event_type, player_id, banner_tag, id
    counted   whether it is the one that counts for its player, day and type

    Raises BadParameter for a number that is none from 1 to 1,000.
    """
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= MOST:
        raise BadParameter("number", f"{number!r} is not a number of events from 1 to {MOST:,}")
    return snapshot.query("newest_events", number=number).with_columns(pl.col("created_at").cast(INSTANT))
