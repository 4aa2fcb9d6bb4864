"""Segments: where each person stands, from the first visit to the last deposit."""

from __future__ import annotations

from datetime import date

import polars as pl

from pixels.errors import BadParameter
from pixels.period import parse_day
from pixels.rates import rate
from pixels.rules import INSTANT
from pixels.snapshot import Snapshot

SEGMENTS = ("visitor", "registered", "depositor", "lapsed")
_LONGEST_LAPSE = 3_650
_MOST = 2**62


def check_question(on: object, lapsed_after: object, today: date) -> tuple[date, int]:
    """Read the day (None: `today`, the last one that is counted) and the number of days. Raises BadParameter."""
    day = today if on is None else parse_day("on", on)
    if day > today:
        raise BadParameter("on", f"{day} is not counted yet: the data goes through {today}")
    if not isinstance(lapsed_after, int) or isinstance(lapsed_after, bool) or not 1 <= lapsed_after <= _LONGEST_LAPSE:
        raise BadParameter("lapsed_after", f"{lapsed_after!r} is not a number of days from 1 to {_LONGEST_LAPSE}")
    return day, lapsed_after


def segments(snapshot: Snapshot, on: date, lapsed_after: int) -> pl.DataFrame:
    """Count the people that had been seen by the end of a local day; each is in one segment. One row a segment, all four.

    segment     visitor: neither registered nor deposited; registered: registered, never deposited; depositor: deposited on
                one of the last `lapsed_after` days, `on` included; lapsed: deposited, but not on one of these
    people      of the segment
    everybody   people of all segments: the denominator of
    share       people / everybody; null when there is nobody
    """
    found = snapshot.query("segments", on=on, lapsed_after=lapsed_after)
    counted = pl.DataFrame({"segment": SEGMENTS}).join(found, on="segment", how="left", maintain_order="left")
    known = counted.with_columns(pl.col("people").fill_null(0)).with_columns(everybody=pl.col("people").sum())
    return known.with_columns(share=rate("people", "everybody"))


def segment_players(
    snapshot: Snapshot, segment: object, on: date, lapsed_after: int, limit: object = 0
) -> pl.DataFrame:
    """List the people of a segment, whoever was seen last first: as many as `segments` counts, at most `limit`; 0: all.

    player_id                   of the player, or the visitor key of somebody whom nothing links to one
    first_seen, last_seen       instants of the first and the last counted event up to the day
    registration_at, deposit_at instants of the first registration and the first deposit; null when there was none
    last_deposit_day            local day of the last deposit that counts; null when there was none
    visitor_keys                list of the keys that became the player, whose events count as the player's

    Raises BadParameter.
    """
    if segment not in SEGMENTS:
        raise BadParameter("segment", f"{segment!r} is not one of {', '.join(SEGMENTS)}")
    if not isinstance(limit, int) or isinstance(limit, bool) or not 0 <= limit <= _MOST:
        raise BadParameter("limit", f"{limit!r} is not a number of people; 0: all")
    people = snapshot.query("segment_players", segment=segment, on=on, lapsed_after=lapsed_after, limit=limit or _MOST)
    instants = ("first_seen", "last_seen", "registration_at", "deposit_at")
    return people.select("player_id", pl.col(instants).cast(INSTANT), "last_deposit_day", "visitor_keys")
