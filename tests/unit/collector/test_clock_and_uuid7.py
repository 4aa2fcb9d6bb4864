"""Instants are cut to milliseconds, and ids sort by them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.clock import iso_milliseconds, unix_milliseconds, utc_now
from collector.uuid7 import uuid7

instants = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
milliseconds = st.integers(0, 2**48 - 1)
random_bytes = st.binary(min_size=10, max_size=10)


def test_the_example_of_the_standard() -> None:
    """RFC 9562, appendix A.6: 2022-02-22 14:22:22.00 -05:00."""
    rand_a, rand_b = 0xCC3, 0x18C4DC0C0C07398F

    made = uuid7(0x017F22E279B0, rand_a.to_bytes(2, "big") + rand_b.to_bytes(8, "big"))

    assert made == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


@given(milliseconds, random_bytes)
def test_every_id_is_a_version_7_uuid_of_its_instant(at: int, random: bytes) -> None:
    """Version, variant and time are where the standard wants them, whatever the random bits."""
    made = uuid.UUID(uuid7(at, random))

    assert (made.version, made.variant, made.int >> 80) == (7, uuid.RFC_4122, at)


@given(milliseconds, milliseconds, random_bytes, random_bytes)
def test_an_earlier_id_sorts_first(one: int, other: int, random: bytes, others_random: bytes) -> None:
    """As text, ids sort like their instants."""
    first, second = sorted([(one, random), (other, others_random)], key=lambda made: made[0])

    assert first[0] == second[0] or uuid7(*first) < uuid7(*second)


@pytest.mark.parametrize(("at", "random"), [(-1, bytes(10)), (2**48, bytes(10)), (0, bytes(9)), (0, bytes(11))])
def test_what_does_not_fit_is_an_error(at: int, random: bytes) -> None:
    """Never a UUID with bits that spilled over."""
    with pytest.raises(ValueError, match="version 7"):
        uuid7(at, random)


@given(instants)
def test_text_and_number_of_an_instant_agree(instant: datetime) -> None:
    """Both are cut, not rounded, so that `created_at` and the id name the same millisecond."""
    written = datetime.fromisoformat(iso_milliseconds(instant))

    assert timedelta(0) <= instant - written < timedelta(milliseconds=1)
    assert unix_milliseconds(written) == unix_milliseconds(instant)


def test_an_instant_of_another_zone_is_written_in_utc() -> None:
    """The event's time is UTC, whatever zone the clock speaks."""
    assert (
        iso_milliseconds(datetime(2026, 3, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))) == "2026-02-28T23:30:00.000Z"
    )


def test_the_clock_is_aware() -> None:
    """An instant without a zone could not be compared with one that has it."""
    assert utc_now().utcoffset() == timedelta(0)
