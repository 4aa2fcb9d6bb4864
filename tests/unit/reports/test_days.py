"""Which days a notebook shows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

import pixels
from pixels.errors import BadParameter
from pixels.period import Period
from pixels.reports.days import (
    chosen_days,
    chosen_week,
    day_that_goes_on,
    days_held,
    fair_days_before,
    latest_days,
    shifted,
    today,
    weeks_up_to,
)
from tests.sample_warehouse import SampleWarehouse, at, visit

NOW = "2026-11-22T23:30"  # in Berlin the 23rd has begun


def days(start: str, end: str) -> Period:
    return Period(date.fromisoformat(start), date.fromisoformat(end))


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pixels.Warehouse]:
    """Visits on 1 October, 20 October and 22 November; Berlin days."""
    sample = SampleWarehouse(tmp_path_factory.mktemp("home"), time_zone="Europe/Berlin")
    moments = ("2026-10-01T10:00", "2026-10-20T10:00", "2026-11-22T10:00")
    sample.publish(*(visit("p", "a", moment) for moment in moments), complete_until=at(NOW))
    with pixels.open(sample.home) as opened:
        yield opened


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pixels.Warehouse]:
    """No event."""
    sample = SampleWarehouse(tmp_path_factory.mktemp("home"))
    sample.publish_again(complete_until=at(NOW))
    with pixels.open(sample.home) as opened:
        yield opened


def test_today_is_a_day_of_the_warehouses_time_zone(wh: pixels.Warehouse, empty: pixels.Warehouse) -> None:
    """Half past eleven in London is tomorrow in Berlin."""
    assert (today(wh), today(empty)) == (date(2026, 11, 23), date(2026, 11, 22))


def test_the_latest_days_are_whole_and_have_data(wh: pixels.Warehouse) -> None:
    """Four weeks that end with the last day that is over."""
    assert latest_days(wh) == days("2026-10-26", "2026-11-22")


def test_the_latest_days_begin_with_the_first_data(wh: pixels.Warehouse) -> None:
    """Days before Pixels are not shown as if nobody had come."""
    assert latest_days(wh, 90) == days("2026-10-01", "2026-11-22")


def test_without_data_the_latest_days_are_those_before_today(empty: pixels.Warehouse) -> None:
    """An empty warehouse has a period too."""
    assert latest_days(empty) == days("2026-10-25", "2026-11-21")


def test_a_first_day_is_shown_although_it_goes_on(tmp_path: Path) -> None:
    """The first pixel is seen at once."""
    sample = SampleWarehouse(tmp_path)
    sample.publish(visit("p", "a", "2026-11-22T10:00"), complete_until=at("2026-11-22T12:00"))
    with pixels.open(tmp_path) as wh:
        assert latest_days(wh) == days("2026-11-22", "2026-11-22")
        assert day_that_goes_on(wh, latest_days(wh)) == date(2026, 11, 22)


@pytest.mark.parametrize(
    ("start", "end", "chosen"),
    [
        ("2026-10-02", "2026-10-03", days("2026-10-02", "2026-10-03")),
        ("2026-10-02", "", days("2026-10-02", "2026-11-22")),
        ("2026-12-24", "", days("2026-12-24", "2026-12-24")),
        ("", "2026-10-28", days("2026-10-01", "2026-10-28")),
        ("", "0001-01-02", days("0001-01-01", "0001-01-02")),
        ("", "", days("2026-10-26", "2026-11-22")),
    ],
)
def test_an_end_that_is_left_open_is_filled_in(wh: pixels.Warehouse, start: str, end: str, chosen: Period) -> None:
    """Up to the latest whole day, or four weeks back."""
    assert chosen_days(wh, start, end) == chosen


@pytest.mark.parametrize(
    ("start", "end", "named"), [("x", "", "from"), ("", "x", "to"), ("2026-11-02", "2026-11-01", "to")]
)
def test_days_that_are_none_are_refused_by_name(wh: pixels.Warehouse, start: str, end: str, named: str) -> None:
    """Also when the notebook is run by hand."""
    with pytest.raises(BadParameter) as refused:
        chosen_days(wh, start, end)

    assert refused.value.parameter == named


@pytest.mark.parametrize(
    ("period", "held"),
    [
        (days("2026-09-01", "2026-10-10"), days("2026-10-01", "2026-10-10")),
        (days("2026-11-20", "2026-12-31"), days("2026-11-20", "2026-11-23")),
        (days("2026-09-01", "2026-09-30"), None),
        (days("2026-11-24", "2026-11-30"), None),
    ],
)
def test_days_before_the_first_data_and_after_today_are_not_held(
    wh: pixels.Warehouse, period: Period, held: Period | None
) -> None:
    """A chart shows no zero where nothing is known."""
    assert days_held(wh, period) == held


def test_an_empty_warehouse_holds_no_day(empty: pixels.Warehouse) -> None:
    """There is nothing to draw."""
    assert days_held(empty, days("2026-11-01", "2026-11-22")) is None


def test_the_chosen_week_is_the_latest_that_is_over(wh: pixels.Warehouse, empty: pixels.Warehouse) -> None:
    """From Monday to Sunday; in Berlin it is Monday the 23rd already. Days that are given come first."""
    assert chosen_week(wh) == days("2026-11-16", "2026-11-22")
    assert chosen_week(wh, "2026-11-03", "2026-11-04") == days("2026-11-03", "2026-11-04")
    assert chosen_week(empty) == days("2026-11-09", "2026-11-15")


@pytest.mark.parametrize(
    ("first", "now", "chosen"),
    [
        ("2026-11-19T10:00", "2026-11-23T10:00", ("2026-11-19", "2026-11-22")),
        ("2026-11-17T10:00", "2026-11-20T10:00", ("2026-11-17", "2026-11-17")),
        ("2026-11-20T08:00", "2026-11-20T10:00", ("2026-11-20", "2026-11-20")),
    ],
)
def test_the_first_week_has_the_days_that_are_there(
    tmp_path: Path, first: str, now: str, chosen: tuple[str, str]
) -> None:
    """Of the week that is over, or, before one is, the latest days."""
    sample = SampleWarehouse(tmp_path)
    sample.publish(visit("p", "a", first), complete_until=at(now))
    with pixels.open(sample.home) as opened:
        assert chosen_week(opened) == days(*chosen)


def test_weeks_begin_on_a_monday_after_the_first_day(wh: pixels.Warehouse) -> None:
    """Nobody knows at what time the first day began."""
    assert weeks_up_to(wh, days("2026-11-16", "2026-11-22"), 2) == days("2026-11-09", "2026-11-22")
    assert weeks_up_to(wh, days("2026-11-16", "2026-11-22"), 60) == days("2026-10-05", "2026-11-22")
    assert weeks_up_to(wh, days("2026-10-02", "2026-10-03")) == days("2026-10-02", "2026-10-03")


def test_days_before_are_fair_when_all_of_them_are_whole(wh: pixels.Warehouse, empty: pixels.Warehouse) -> None:
    """Not the first day with data, and not beside a day that goes on."""
    assert fair_days_before(wh, days("2026-11-16", "2026-11-22")) == days("2026-11-09", "2026-11-15")
    assert fair_days_before(wh, days("2026-10-03", "2026-10-04")) is None
    assert fair_days_before(wh, days("2026-11-17", "2026-11-23")) is None
    assert fair_days_before(empty, days("2026-11-16", "2026-11-22")) is None
    assert shifted(days("2026-11-16", "2026-11-22"), -7) == days("2026-11-09", "2026-11-15")
