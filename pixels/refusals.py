"""What was refused, as the snapshot and its archive hold it: which of a day, and what a payload says of the event it would have been."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from urllib.parse import parse_qsl

import msgspec
import polars as pl

from pixels.archive import archived, in_pieces
from pixels.rules import DAY, with_day
from pixels.snapshot import Snapshot

EVENT_TYPES = ("visit", "registration", "deposit")

POSITION = ["source", "partition", "offset"]
"""Where a refused record stood in its log: no two share it."""

_REQUEST = re.compile(rb'(?:^|")[A-Z]+ (/[^\s?]*)(?:\?([^\s]*))?[^\n]*(?:\n\n(.*))?', re.DOTALL)
_SPELLINGS = {"eventType": "event_type", "playerId": "player_id", "bannerTag": "banner_tag"}
_WHOLE_DAY = timedelta(days=1)
_FIRST, _LAST = date(1, 1, 3), date(9999, 12, 28)
"""Nothing that is stored lies outside; between them and the ends of the calendar is room for time zones."""


class Said(NamedTuple):
    """What a refused payload says of itself; None where it does not, or not readably."""

    event_type: str | None = None
    player_id: str | None = None
    banner_tag: str | None = None


def span_of_days(start: date, end: date) -> tuple[datetime, datetime]:
    """Return instants between which all of these local days lie, whatever the time zone."""
    midnight = time(tzinfo=UTC)
    first, last = (min(max(day, _FIRST), _LAST) for day in (start, end))
    return datetime.combine(first, midnight) - _WHOLE_DAY, datetime.combine(last, midnight) + 2 * _WHOLE_DAY


def refusals(snapshot: Snapshot, start: date, end: date, time_zone: str) -> Iterator[pl.DataFrame]:
    """Yield the rows of `rejected_events` of these local days, archived ones included, with event_date; a piece at a time.

    There can be many, of 8 KiB each. Raises NoArchive.
    """
    first, last = span_of_days(start, end)
    for live in snapshot.pieces("refusals_between", first=first, last=last):
        yield with_day(live, time_zone, "rejected_at").filter(pl.col(DAY).is_between(start, end))
    if (files := archived(snapshot, "refusals", start, end)) is not None:
        yield from in_pieces(snapshot, files)


def with_refusal_id(frame: pl.DataFrame) -> pl.DataFrame:
    """Add `refusal`, the id by which a command names a refused record: where it stood, as SOURCE/PARTITION/OFFSET."""
    return frame.with_columns(refusal=pl.concat_str(*POSITION, separator="/"))


def said_of(refused: pl.DataFrame) -> pl.DataFrame:
    """Return what each payload says of itself: event_type, player_id, banner_tag; null where it does not. Rows stay in order."""
    schema = dict.fromkeys(Said._fields, pl.String())
    return pl.DataFrame([said_by(payload) for payload in refused["payload"]], schema=schema, orient="row")


def said_by(payload: bytes) -> Said:
    """Read from a refused payload the type, player and banner of the event it would have been, as far as it says so.

    It is the JSON of an event, or a request: its line, and after an empty line its body; or a line of an access log.
    """
    try:
        if payload.lstrip().startswith(b"{"):
            return _said(msgspec.json.decode(payload))
        return _said_by_request(payload)
    except (ValueError, RecursionError):
        return Said()


def _said_by_request(payload: bytes) -> Said:
    request = _REQUEST.search(payload)
    if request is None:
        return Said()
    path, query, body = request.groups(b"")
    members: dict[str, object] = dict(parse_qsl(query.decode("utf-8", "replace")))
    if body.lstrip().startswith(b"{"):
        in_body = msgspec.json.decode(body)
        members |= in_body if isinstance(in_body, dict) else {}
    elif body:
        members |= dict(parse_qsl(body.decode("utf-8", "replace")))
    if path != b"/events":
        members |= {"event_type": path.decode("latin-1").removeprefix("/")}
    return _said(members)


def _said(members: object) -> Said:
    if not isinstance(members, dict):
        return Said()
    named = {_SPELLINGS.get(name, name): value for name, value in members.items()}
    texts = {field: value.strip() for field in Said._fields if isinstance(value := named.get(field), str)}
    said = Said(**texts)
    return said if said.event_type in EVENT_TYPES else Said()
