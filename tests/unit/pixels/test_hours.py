"""Counted events by the hours of a local clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pixels
from pixels import Warehouse
from pixels.errors import BadParameter
from tests.sample_warehouse import SampleWarehouse, at, counted, deposit, registration, visit
from tests.unit.pixels.sample_events import TYPES, History, histories

MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A day of Berlin, read at a quarter past eleven; one clock was ahead."""
    home = tmp_path_factory.mktemp("home")
    SampleWarehouse(home, "Europe/Berlin").publish(
        visit("v-1", "brandA", "2026-11-22T23:00"),
        visit("v-1", "brandA", "2026-11-23T09:30"),
        visit("v-2", "brandA", "2026-11-23T09:59:59.999"),
        registration("p", "brandA", "2026-11-23T10:00"),
        deposit("p", "brandA", "2026-11-23T12:30"),
        complete_until=at("2026-11-23T10:15"),
    )
    with pixels.open(home) as warehouse:
        yield warehouse


def shown(frame: pl.DataFrame, event_type: str) -> dict[int, int]:
    """The counts of one type by hour."""
    return dict(frame.filter(pl.col("event_type") == event_type).select("hour", "count").rows())


def test_a_player_is_in_the_hour_of_the_first_visit_of_the_day(wh: Warehouse) -> None:
    """The second visit of a day counts in no hour; hours without any are 0, and those to come are not there."""
    visits = shown(wh.hours("2026-11-23"), "visit")

    assert list(visits) == list(range(12))
    assert {hour: count for hour, count in visits.items() if count} == {0: 1, 10: 1}


def test_the_hour_that_goes_on_is_partial(wh: Warehouse) -> None:
    """All hours that are over are whole."""
    hours = wh.hours("2026-11-23").filter(pl.col("event_type") == "visit")

    assert hours["partial"].to_list() == [*[False] * 11, True]
    assert hours["starts_at"].to_list()[-1] == at("2026-11-23T10:00")


def test_what_a_clock_ahead_counted_is_in_its_hour(wh: Warehouse) -> None:
    """The hours sum to the daily counts, also those of a sender whose clock is ahead: one row, and no zeros around it."""
    hours = wh.hours("2026-11-23")

    assert hours.filter(pl.col("starts_at") > at("2026-11-23T10:15")).select("hour", "event_type", "count").rows() == [
        (13, "deposit", 1)
    ]
    assert hours["count"].sum() == wh.metrics("2026-11-23", "2026-11-23")["count"].sum()


@pytest.mark.parametrize(
    ("time_zone", "day", "hours", "first", "last"),
    [
        ("Europe/Berlin", "2026-03-29", [0, 1, *range(3, 24)], "2026-03-28T23:00", "2026-03-29T21:00"),
        ("Europe/Berlin", "2026-10-25", [0, 1, 2, *range(2, 24)], "2026-10-24T22:00", "2026-10-25T22:00"),
        ("Asia/Kolkata", "2026-11-01", list(range(24)), "2026-10-31T18:30", "2026-11-01T17:30"),
        ("Australia/Lord_Howe", "2026-04-05", [0, 1, 1, *range(2, 24)], "2026-04-04T13:00", "2026-04-05T12:30"),
        ("America/Sao_Paulo", "2018-11-04", list(range(1, 24)), "2018-11-04T03:00", "2018-11-05T01:00"),
        ("America/St_Johns", "2010-11-06", [*range(24), 23], "2010-11-06T02:30", "2010-11-07T02:31"),
        ("America/St_Johns", "2010-11-07", [0, *range(24)], "2010-11-07T02:30", "2010-11-08T02:30"),
    ],
)
def test_days_have_the_hours_that_the_clock_showed(
    tmp_path: Path, time_zone: str, day: str, hours: list[int], first: str, last: str
) -> None:
    """An hour that came twice has two rows, one that was left out none; zones with half hours begin at half hours."""
    SampleWarehouse(tmp_path, time_zone).publish(visit("v", "brandA", "2026-12-01T10:00"))

    with pixels.open(tmp_path) as wh:
        visits = wh.hours(day).filter(pl.col("event_type") == "visit")

    assert visits["hour"].to_list() == hours
    assert (visits["starts_at"][0], visits["starts_at"][-1]) == (at(first), at(last))
    assert visits["starts_at"].is_sorted()
    assert not visits["partial"].any()


def test_the_two_hours_of_a_clock_that_goes_back_are_told_apart(tmp_path: Path) -> None:
    """Half past two comes twice in Berlin's autumn; each visit is in its own hour."""
    SampleWarehouse(tmp_path, "Europe/Berlin").publish(
        visit("v-1", "brandA", "2026-10-25T00:30"),
        visit("v-2", "brandA", "2026-10-25T01:30"),
        visit("v-3", "brandA", "2026-10-25T01:45"),
    )

    with pixels.open(tmp_path) as wh:
        twice = wh.hours("2026-10-25").filter(pl.col("event_type") == "visit", pl.col("hour") == 2)

    assert twice.select("starts_at", "count").rows() == [(at("2026-10-25T00:00"), 1), (at("2026-10-25T01:00"), 2)]


def test_hours_before_1970_are_those_of_the_clock_as_well(tmp_path: Path) -> None:
    """Imported history can be as old as anything; the last millisecond of an hour is still in it."""
    SampleWarehouse(tmp_path).publish(visit("v", "brandA", "1969-12-31T22:59:59.999"))

    with pixels.open(tmp_path) as wh:
        visits = shown(wh.hours("1969-12-31"), "visit")

    assert {hour: count for hour, count in visits.items() if count} == {22: 1}


def test_an_empty_warehouse_has_hours_of_zero(tmp_path: Path) -> None:
    """Nothing was counted in any hour that has begun; columns and types are those of any answer."""
    SampleWarehouse(tmp_path).publish(complete_until=at("2026-11-01T02:00"))

    with pixels.open(tmp_path) as wh:
        hours = wh.hours("2026-11-01", "2026-11-02")

    assert hours["hour"].to_list() == [0, 0, 0, 1, 1, 1]
    assert hours["count"].sum() == 0
    assert hours.schema == {
        "event_date": pl.Date,
        "hour": pl.Int64,
        "starts_at": pl.Datetime("ms", "UTC"),
        "event_type": pl.String,
        "count": pl.Int64,
        "partial": pl.Boolean,
    }


def test_hours_of_the_ends_of_the_calendar_are_answered(wh: Warehouse) -> None:
    """The first days have hours, of zero; the last have not begun."""
    assert wh.hours("0001-01-01")["count"].sum() == 0
    assert len(wh.hours("0001-01-02").rows()) == 72
    assert wh.hours("9999-12-31").is_empty()


@pytest.mark.parametrize(
    ("parameter", "asked"),
    [("start", ("now",)), ("end", ("2026-11-02", "2026-11-01")), ("end", ("2025-11-23", "2026-11-24"))],
)
def test_a_wrong_range_is_named(wh: Warehouse, parameter: str, asked: tuple[str, ...]) -> None:
    """What is no day, no range, or longer than a leap year raises BadParameter."""
    with pytest.raises(BadParameter) as raised:
        wh.hours(*asked)

    assert raised.value.parameter == parameter


@settings(max_examples=15)
@given(history=histories(), complete=st.integers(0, 72))
def test_hours_equal_those_of_a_clock_in_plain_python(history: History, complete: int) -> None:
    """Every row, against a walk through all minutes of the days and a loop over the counted events."""
    complete_until = min(event.created_at for event in history.events) + timedelta(hours=complete, minutes=7)
    with TemporaryDirectory() as folder:
        SampleWarehouse(Path(folder), history.time_zone).publish(*history.events, complete_until=complete_until)
        with pixels.open(folder) as wh:
            found = wh.hours(history.start, history.end).rows()

    assert found == expected(history, complete_until)


def expected(history: History, complete_until: datetime) -> list[tuple[object, ...]]:
    """The hours of the history's days."""
    zone = ZoneInfo(history.time_zone)

    def hour_of(instant: datetime) -> tuple[date, int, timedelta | None]:
        local = instant.astimezone(zone)
        return local.date(), local.hour, local.utcoffset()

    minutes: dict[tuple[date, int, timedelta | None], list[datetime]] = {}
    minute = datetime.combine(history.start, time(), UTC) - timedelta(days=1)
    while minute.date() < history.end + timedelta(days=2):
        if history.start <= hour_of(minute)[0] <= history.end:
            minutes.setdefault(hour_of(minute), []).append(minute)
        minute += MINUTE
    counts = Counter((hour_of(e.created_at), e.event_type) for e in counted(history.events, history.time_zone))
    return [
        (hour[0], hour[1], of_it[0], event_type, counts[hour, event_type], of_it[-1] + MINUTE > complete_until)
        for hour, of_it in sorted(minutes.items(), key=lambda item: (item[0][0], item[1][0]))
        for event_type in sorted(TYPES)
        if of_it[0] < complete_until or counts[hour, event_type]
    ]
