"""When an event happened: the collector's clock, or a signed sender's word within bounds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from collector.contract import Facts, InvalidEvent, Sender
from collector.created_at import created_at
from tests.unit.collector.asgi import NOW

OLDEST = timedelta(days=30)
SIGNED = Facts(event_type="deposit", sender=Sender(None, None), received_at=NOW, key_id="shop", signature="00")
UNSIGNED = Facts(event_type="deposit", sender=Sender(None, None), received_at=NOW)


def reason(sent: str, facts: Facts = SIGNED) -> str:
    with pytest.raises(InvalidEvent) as refused:
        created_at(sent, facts, OLDEST)
    return refused.value.reason


@pytest.mark.parametrize("facts", [SIGNED, UNSIGNED])
def test_without_the_parameter_it_is_the_time_of_the_receipt(facts: Facts) -> None:
    """Cut to milliseconds, signed or not."""
    assert created_at(None, facts, OLDEST) == "2026-11-22T16:00:00.123Z"


def test_an_unsigned_sender_has_no_say() -> None:
    """Anybody could move their banner to the front of the day otherwise: the earliest event wins."""
    assert reason("2026-11-22T15:00:00Z", UNSIGNED) == "signature_required"
    assert reason("", UNSIGNED) == "signature_required"


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("2026-11-22T15:00:00Z", "2026-11-22T15:00:00.000Z"),
        ("2026-11-22T15:00:00.1239999Z", "2026-11-22T15:00:00.123Z"),
        ("2026-11-22T15:00:00.123456789Z", "2026-11-22T15:00:00.123Z"),
        ("2026-11-22T15:00:00.9+00:00", "2026-11-22T15:00:00.900Z"),
        ("2026-11-22T20:30:00+05:30", "2026-11-22T15:00:00.000Z"),
        ("2026-11-21T23:59:59.999-00:01", "2026-11-22T00:00:59.999Z"),
        ("2026-11-22t15:00:00z", "2026-11-22T15:00:00.000Z"),
    ],
)
def test_a_signed_instant_becomes_utc_cut_to_milliseconds(sent: str, stored: str) -> None:
    """Cut, never rounded: rounding could move an event into the next day."""
    assert created_at(sent, SIGNED, OLDEST) == stored


@pytest.mark.parametrize(
    "sent",
    ["", "now", "1795363200", "2026-11-22", "2026-11-22T15:00:00", "2026-11-22 15:00:00Z", "2026-11-22T15:00Z", "20261122T150000Z",
     "2026-11-22T15:00:00 02:00", "2026-11-22T15:00:00+0200", "2026-11-22T15:00:00+24:00", "2026-11-22T15:00:00+01:60", "2026-11-22T15:00:00,5Z",
     "2026-11-31T15:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T15:60:00Z", "2026-11-22T15:00:60Z", "2026-11-22T15:00:00.1234567890Z", "2026-11-22T15:00:00.Z",
     "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "2026-11-22T15:00:00Z\n", " 2026-11-22T15:00:00Z", "٢٠٢٦-11-22T15:00:00Z", "2026-W47-7T15:00:00Z",
     "+002026-11-22T15:00:00Z", "{createdAt}"],
)  # fmt: skip
def test_what_is_no_instant_with_an_offset_is_refused(sent: str) -> None:
    """A local time without an offset says nothing, and a plus sign that became a space is the commonest mistake."""
    assert reason(sent) == "bad_created_at"


def test_the_bounds_themselves_are_taken_and_a_millisecond_more_is_not() -> None:
    """Five minutes ahead, for clocks that differ; thirty days back, for what waited in a sender's queue."""
    ahead, back = NOW + timedelta(minutes=5), NOW - OLDEST
    more = timedelta(milliseconds=1)

    assert created_at(ahead.isoformat(), SIGNED, OLDEST) == "2026-11-22T16:05:00.123Z"
    assert created_at(back.isoformat(), SIGNED, OLDEST) == "2026-10-23T16:00:00.123Z"
    assert reason((ahead + more).isoformat()) == "future_created_at"
    assert reason((back - more).isoformat()) == "bad_created_at"
    assert reason("9999-12-31T23:59:59-14:00") == "future_created_at"


@given(
    instant=st.datetimes(
        min_value=datetime(2026, 10, 24),  # noqa: DTZ001 - hypothesis wants naive bounds
        max_value=datetime(2026, 11, 22, 16),  # noqa: DTZ001
        timezones=st.timezones(),
    )
)
def test_every_instant_within_the_bounds_survives_whatever_its_offset(instant: datetime) -> None:
    """The same instant to the millisecond, in any time zone on Earth."""
    assume(instant <= NOW)
    assume(not re.search(r"[+-]\d\d:\d\d:", instant.isoformat()))  # RFC 3339 has no seconds of offset

    stored = datetime.fromisoformat(created_at(instant.isoformat(), SIGNED, OLDEST))

    assert timedelta() <= instant.astimezone(UTC) - stored < timedelta(milliseconds=1)


@given(text=st.text(max_size=40))
def test_any_text_is_an_instant_or_refused(text: str) -> None:
    """Never another exception."""
    assert reason(text) in {"bad_created_at", "future_created_at"}
