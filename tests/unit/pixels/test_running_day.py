"""The running day beside the same day a week earlier: never a part of a day with a whole one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import pixels
from pixels.running_day import first_instant
from tests.sample_warehouse import Event, SampleWarehouse, at, counted, deposit, registration, visit
from tests.unit.pixels.sample_events import BANNERS, CLOCKS, PEOPLE, TYPES

WEEK = timedelta(days=7)
MINUTE = timedelta(minutes=1)


def today(home: Path, *events: Event, until: str, time_zone: str = "UTC") -> pl.DataFrame:
    """Publish the events and ask for the running day."""
    SampleWarehouse(home, time_zone).publish(*events, complete_until=at(until))
    with pixels.open(home) as wh:
        return wh.today()


def test_both_days_are_cut_at_the_same_time_of_the_clock(tmp_path: Path) -> None:
    """What came later a week ago does not count, nor what of today is not sure to be complete."""
    found = today(
        tmp_path,
        *(make("first", "x", "2026-11-14T08:00") for make in (visit, registration, deposit)),
        visit("a", "x", "2026-11-15T08:00"),
        visit("b", "x", "2026-11-15T08:59:59.999"),
        visit("c", "x", "2026-11-15T09:00"),
        visit("a", "x", "2026-11-22T08:00"),
        visit("b", "x", "2026-11-22T08:30"),
        visit("c", "x", "2026-11-22T08:59:59.999"),
        visit("d", "x", "2026-11-22T09:00"),
        registration("d", "x", "2026-11-22T08:30"),
        deposit("a", "x", "2026-11-15T08:00"),
        until="2026-11-22T09:00",
    )

    days = {"event_date": date(2026, 11, 22), "until": at("2026-11-22T09:00")}
    then = {"before_date": date(2026, 11, 15), "before_until": at("2026-11-15T09:00")}
    assert found.to_dicts() == [
        {**days, "event_type": "deposit", "count": 0, **then, "before": 1, "change": -1.0},
        {**days, "event_type": "registration", "count": 1, **then, "before": 0, "change": None},
        {**days, "event_type": "visit", "count": 3, **then, "before": 2, "change": 0.5},
    ]


def test_who_came_again_later_was_counted_by_then(tmp_path: Path) -> None:
    """The earliest event counts, so a later one of the same player takes nothing back."""
    found = today(
        tmp_path,
        visit("first", "x", "2026-11-14T08:00"),
        visit("a", "x", "2026-11-15T08:00"),
        visit("a", "y", "2026-11-15T20:00"),
        visit("a", "x", "2026-11-22T08:00"),
        until="2026-11-22T09:00",
    )

    assert found.filter(event_type="visit").select("count", "before", "change").row(0) == (1, 1, 0.0)


def test_a_day_before_the_first_data_is_not_known(tmp_path: Path) -> None:
    """In the first week there is nothing to compare with, nor with the day that went live: null, and not 0."""
    found = today(tmp_path, visit("a", "x", "2026-11-15T00:00"), until="2026-11-22T09:00")

    assert found["before"].to_list() == [None] * 3
    assert found["change"].to_list() == [None] * 3
    assert found["before_date"].to_list() == [date(2026, 11, 15)] * 3


def test_an_empty_warehouse_has_a_running_day_of_zeros(tmp_path: Path) -> None:
    """Its frame has the rows, columns and types of any other."""
    SampleWarehouse(tmp_path / "empty").publish_again(complete_until=at("2026-11-22T09:00"))
    with pixels.open(tmp_path / "empty") as wh:
        empty = wh.today()

    assert empty.select("count", "before").rows() == [(0, None)] * 3
    assert empty.schema == today(tmp_path, visit("a", "x", "2026-11-01T10:00"), until="2026-11-22T09:00").schema
    assert empty.schema["until"] == pl.Datetime("ms", "UTC")


@pytest.mark.parametrize(
    ("time_zone", "local", "instant"),
    [
        pytest.param("Europe/Berlin", "2026-11-15T10:00", "2026-11-15T09:00", id="any day"),
        pytest.param("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30", id="an hour that comes twice"),
        pytest.param("Europe/Berlin", "2026-03-29T02:30:59.999", "2026-03-29T01:00", id="an hour that is jumped over"),
        pytest.param("America/Sao_Paulo", "2018-11-04T00:10", "2018-11-04T03:00", id="no midnight"),
        pytest.param("America/St_Johns", "2010-11-07T00:00:30", "2010-11-07T02:30:30", id="back before midnight"),
        pytest.param("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00", id="a day that is jumped over"),
        pytest.param("Asia/Kathmandu", "2026-11-15T10:00", "2026-11-15T04:15", id="quarters of an hour"),
    ],
)
def test_the_same_time_is_found_whatever_clocks_did_that_day(time_zone: str, local: str, instant: str) -> None:
    """Of two such times the first; where there is none, the jump over it."""
    assert first_instant(datetime.fromisoformat(local), time_zone) == at(instant)


def on_the_clock(instant: datetime, time_zone: str) -> datetime:
    """What clocks show, without saying where."""
    return instant.astimezone(ZoneInfo(time_zone)).replace(tzinfo=None, fold=0)


def by_brute_force(
    events: list[Event], time_zone: str, until: datetime
) -> list[tuple[date, str, int, date, int | None]]:
    """Look at every minute of two days for the first that shows the time; count with loops."""
    wanted = on_the_clock(until, time_zone) - WEEK
    begin = (wanted - timedelta(days=1)).replace(tzinfo=UTC, second=0, microsecond=0)
    minutes = (begin + number * MINUTE for number in range(2 * 24 * 60))
    past_the_minute = timedelta(seconds=wanted.second, microseconds=wanted.microsecond)
    instants = (instant for minute in minutes for instant in sorted({minute, minute + past_the_minute}))
    then = next(instant for instant in instants if on_the_clock(instant, time_zone) >= wanted)
    kept = counted(events, time_zone)
    day, earlier = on_the_clock(until, time_zone).date(), wanted.date()

    def known(event_type: str) -> bool:
        return any(event.event_type == event_type and event.day(time_zone) < earlier for event in events)

    def number(event_type: str, on: date, end: datetime) -> int:
        return sum(e.event_type == event_type and e.day(time_zone) == on and e.created_at < end for e in kept)

    return [
        (day, name, number(name, day, until), earlier, number(name, earlier, then) if known(name) else None)
        for name in sorted(TYPES)
    ]


@st.composite
def fortnights(draw: st.DrawFn) -> tuple[list[Event], str, datetime]:
    """Events on two days a week apart, one of them with a change of the clock, and an instant on one of them."""
    time_zone = draw(st.sampled_from(sorted(CLOCKS)))
    begin = CLOCKS[time_zone] - WEEK * draw(st.integers(0, 1))
    minutes = st.integers(0, 4 * 24).map(lambda half_hour: half_hour * 30 * MINUTE)
    instants = st.builds(
        lambda week, after, more: begin + week * WEEK + after + timedelta(milliseconds=more),
        st.integers(0, 1),
        minutes,
        st.integers(0, 1),
    )
    events = st.builds(
        Event,
        event_type=st.sampled_from(TYPES),
        player_id=st.sampled_from(PEOPLE),
        banner_tag=st.sampled_from(BANNERS),
        created_at=instants,
        id=st.uuids().map(str),
    )
    return draw(st.lists(events, min_size=3, max_size=14, unique_by=lambda e: e.id)), time_zone, draw(instants)


@given(fortnight=fortnights())
@example(
    fortnight=(
        [visit("a", "x", "2026-03-29T00:59"), visit("b", "x", "2026-03-29T01:10"), visit("a", "x", "2026-04-05T00:00")],
        "Europe/Berlin",
        at("2026-04-05T00:30"),
    )
)
def test_every_count_is_as_by_brute_force(fortnight: tuple[list[Event], str, datetime]) -> None:
    """Days of 23 and 25 hours on either side, repeats, events of the same instant, data that begins later."""
    events, time_zone, until = fortnight
    with TemporaryDirectory() as folder:
        SampleWarehouse(Path(folder), time_zone).publish(*events, complete_until=until)
        with pixels.open(folder) as wh:
            found = wh.today()

    compared = found.select("event_date", "event_type", "count", "before_date", "before").rows()
    assert compared == by_brute_force(events, time_zone, until)
