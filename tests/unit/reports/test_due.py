"""When a schedule is due, on the clocks of the world."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixels.errors import BadParameter
from pixels.reports.due import check_cron, latest_due, upcoming

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Santiago"]
)
EXPRESSIONS = st.sampled_from(
    ["0 7 * * MON", "30 2 * * *", "0 0 1 * *", "*/20 * * * *", "15 */6 * * *", "0 3 * * SUN", "59 23 L * *"]
)
INSTANTS = st.integers(1_704_067_200, 1_798_761_600).map(lambda second: datetime.fromtimestamp(second, UTC))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def texts(expression: str, zone: ZoneInfo, now: str, number: int) -> list[str]:
    return [instant.isoformat() for instant in upcoming(expression, zone, at(now), number)]


def test_a_time_that_the_clocks_leap_over_comes_right_after_the_leap() -> None:
    """On 29 March 2026 Berlin has no half past two."""
    assert texts("30 2 * * *", BERLIN, "2026-03-28T12:00:00+00:00", 2) == [
        "2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00",
    ]  # fmt: skip


def test_a_time_that_the_clocks_show_twice_comes_once() -> None:
    """Unless it is meant for every hour."""
    assert texts("30 2 * * *", BERLIN, "2026-10-24T12:00:00+00:00", 2) == [
        "2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00",
    ]  # fmt: skip
    hourly = texts("0 * * * *", BERLIN, "2026-10-24T23:30:00+00:00", 3)
    assert hourly == ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00"]


def test_of_what_was_missed_the_latest_is_due() -> None:
    """With how many were passed over; an instant that is now is due, one at `after` is not."""
    due = latest_due("0 7 * * *", BERLIN, at("2026-11-20T06:00:00+00:00"), at("2026-11-23T06:00:00+00:00"))

    assert due is not None
    assert (due.at.isoformat(), due.passed_over) == ("2026-11-23T07:00:00+01:00", 2)
    assert latest_due("0 7 * * *", BERLIN, due.at, at("2026-11-24T05:59:59+00:00")) is None


@pytest.mark.parametrize(
    "wrong", ["", "0 7 * *", "0 7 * * MON *", "@daily", "61 * * * *", "0 0 31 2 *", "a b c d e", "0 0 30 FEB *"]
)
def test_what_is_no_cron_expression_is_refused(wrong: str) -> None:
    """Also one that never comes, and one with seconds."""
    with pytest.raises(BadParameter, match="cron"):
        check_cron(wrong)


@given(expression=EXPRESSIONS, zone=ZONES, after=INSTANTS, steps=st.lists(st.integers(0, 20 * 24 * 60), max_size=6))
def test_however_often_one_looks_nothing_is_due_twice_and_nothing_is_lost(
    expression: str, zone: str, after: datetime, steps: list[int]
) -> None:
    """Each look takes the latest; with those passed over they are all the instants up to the last look."""
    zone_info, since, now, seen, accounted = ZoneInfo(zone), after, after, [], 0
    for minutes in steps:
        now += timedelta(minutes=minutes)
        due = latest_due(expression, zone_info, since, now)
        if due is not None:
            assert since < due.at <= now
            seen.append(due.at)
            accounted += 1 + due.passed_over
            since = due.at
    everything = [one for one in upcoming(expression, zone_info, after, 20_000) if one <= now] if accounted else []
    assert seen == sorted(set(seen))
    assert accounted == len(everything)
    assert set(seen) <= set(everything)
