"""Activity: counted events by their own day and banner, as the aggregator stored them."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pixels.errors import BadParameter
from pixels.period import Period
from pixels.snapshot import Snapshot


def metrics(snapshot: Snapshot, period: Period) -> pl.DataFrame:
    """Return event_date, event_type, count: players counted that day; days without an event have no row."""
    return snapshot.query("metrics", start=period.start, end=period.end)


def summary(snapshot: Snapshot, period: Period, banner: str | Sequence[str] | None = None) -> pl.DataFrame:
    """Return event_date, event_type, banner_tag, count, of all banners or of those named."""
    return snapshot.query("summary", start=period.start, end=period.end, banners=banner_tags(banner))


def banners(snapshot: Snapshot, period: Period) -> pl.DataFrame:
    """Return banner_tag, visits, registrations, deposits: sums of daily counts, the most deposits first."""
    return snapshot.query("banners", start=period.start, end=period.end)


def banner_tags(banner: object) -> list[str] | None:
    """Read which banners are asked for: a banner tag, several, or None for all. Raises BadParameter."""
    if banner is None:
        return None
    tags = [banner] if isinstance(banner, str) else banner
    if not isinstance(tags, Sequence) or not all(isinstance(tag, str) for tag in tags):
        raise BadParameter("banner", f"{banner!r} is neither a banner tag nor a list of them")
    return list(tags)
