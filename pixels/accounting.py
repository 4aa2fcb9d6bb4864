"""Why somebody else's log shows another number: what became of everything that was received, in sums."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pixels.errors import BadParameter
from pixels.metrics import banner_tags
from pixels.period import Period
from pixels.refusals import EVENT_TYPES
from pixels.snapshot import Snapshot

ACCOUNTS = ("counted", "same_player_again", "credited_to_another_banner", "same_event_again", "bots")
"""What can become of a record that could be read: the columns that sum to `received`."""


def accounting(
    snapshot: Snapshot, period: Period, event_type: str | None = None, banner: str | Sequence[str] | None = None
) -> pl.DataFrame:
    """Return event_date, event_type, banner_tag, received and ACCOUNTS: one row for each for which something was received.

    `received` is the sum of the five columns after it, in every row and so in every sum of rows. What was refused is no
    part of it, since it belongs to no banner: `refused` has that. None: all types, all banners. Raises BadParameter.
    """
    if event_type is not None and event_type not in EVENT_TYPES:
        raise BadParameter("type", f"{event_type!r} is no event type; it is one of {', '.join(EVENT_TYPES)}, or None")
    return snapshot.query(
        "accounting", start=period.start, end=period.end, event_type=event_type, banners=banner_tags(banner)
    )


def refused(snapshot: Snapshot, period: Period) -> pl.DataFrame:
    """Return event_date (of the receipt), reason, count: how many were refused, those that were only counted included."""
    return snapshot.query("refused_by_day", start=period.start, end=period.end)
