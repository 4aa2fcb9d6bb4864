"""When an event happened: the collector's clock says so, or a signed sender within bounds."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from collector.clock import iso_milliseconds
from collector.contract import Facts, InvalidEvent

LARGEST_LEAD = timedelta(minutes=5)
"""How far ahead of the collector's clock a sender's may be; also the aggregator's bound."""

_INSTANT = re.compile(  # RFC 3339, without leap seconds
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII
)


def created_at(sent: str | None, facts: Facts, oldest: timedelta) -> str:
    """Return the instant of an event in UTC, cut to milliseconds: `createdAt` as sent, else when it was received.

    Raises `InvalidEvent`: `signature_required` when an unsigned sender sends one, `bad_created_at` when it is not
    RFC 3339 with an offset or lies more than `oldest` before the receipt, `future_created_at` when more than five minutes
    after it.
    """
    if sent is None:
        return iso_milliseconds(facts.received_at)
    if facts.key_id is None:
        raise InvalidEvent("signature_required", "createdAt is only taken from signed senders")
    instant = _instant(sent)
    if instant - facts.received_at > LARGEST_LEAD:
        raise InvalidEvent("future_created_at", "createdAt is more than 5 minutes ahead of the collector's clock")
    if facts.received_at - instant > oldest:
        raise InvalidEvent("bad_created_at", f"createdAt is more than {oldest / timedelta(days=1):g} days ago")
    return iso_milliseconds(instant)


def _instant(text: str) -> datetime:
    try:
        if _INSTANT.fullmatch(text.upper()):
            return datetime.fromisoformat(text.upper())
    except ValueError:  # the 30th of February
        pass
    raise InvalidEvent(
        "bad_created_at",
        "createdAt is not an instant with an offset such as 2026-11-22T16:00:00Z; in a URL, + is written %2B",
    )
