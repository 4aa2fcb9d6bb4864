"""Daily counts, summed over weeks and months."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
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
from tests.sample_warehouse import SampleWarehouse, at, counted, visit
from tests.unit.pixels.sample_events import History, histories


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Three weeks, of which the last one goes on: Wednesday 2026-11-18 is half over."""
    home = tmp_path_factory.mktemp("home")
    days = ("2026-11-01", "2026-11-02", "2026-11-08", "2026-11-16", "2026-11-18")
    SampleWarehouse(home).publish(
        *(visit("v-1", "brandA", f"{day}T10:00") for day in days),
        visit("v-2", "brandB", "2026-11-08T11:00"),
        complete_until=at("2026-11-18T12:00"),
    )
    with pixels.open(home) as warehouse:
        yield warehouse


def test_a_week_begins_on_monday_and_sums_its_days(wh: Warehouse) -> None:
    """One row a week and type, under its Monday; a week without an event has no row."""
    weeks = wh.metrics("2026-10-26", "2026-11-22", per="week")

    assert weeks.rows() == [
        (date(2026, 10, 26), "visit", 1, False),
        (date(2026, 11, 2), "visit", 3, False),
        (date(2026, 11, 16), "visit", 2, True),
    ]
    assert weeks.schema == {
        "event_date": pl.Date,
        "event_type": pl.String,
        "count": pl.Int64,
        "partial": pl.Boolean,
    }


def test_a_week_that_the_range_cuts_is_partial(wh: Warehouse) -> None:
    """It has the counts of the days in the range alone, under its Monday, which lies before the range."""
    assert wh.metrics("2026-11-03", "2026-11-08", per="week").rows() == [(date(2026, 11, 2), "visit", 2, True)]
    assert wh.metrics("2026-11-02", "2026-11-07", per="week").rows() == [(date(2026, 11, 2), "visit", 1, True)]
    assert wh.metrics("2026-11-02", "2026-11-08", per="week").rows() == [(date(2026, 11, 2), "visit", 3, False)]


def test_a_month_is_whole_when_its_last_day_is_over(tmp_path: Path) -> None:
    """By the clock of the warehouse's time zone: an instant before the midnight of New York it goes on."""
    sample = SampleWarehouse(tmp_path, "America/New_York")
    sample.publish(visit("v", "brandA", "2026-11-10T10:00"))

    partial = []
    for until in ("2026-12-01T04:59:59.999", "2026-12-01T05:00"):
        sample.publish_again(complete_until=at(until))
        with pixels.open(tmp_path) as wh:
            partial += wh.metrics("2026-11-01", "2026-11-30", per="month")["partial"].to_list()

    assert partial == [True, False]


def test_banners_of_a_week_sum_to_the_week(wh: Warehouse) -> None:
    """The summary is summed in the same way, by banner."""
    weeks = wh.summary("2026-11-02", "2026-11-08", per="week")

    assert weeks.rows() == [
        (date(2026, 11, 2), "visit", "brandA", 2, False),
        (date(2026, 11, 2), "visit", "brandB", 1, False),
    ]
    assert wh.summary("2026-11-02", "2026-11-08", banner="brandB", per="week")["count"].to_list() == [1]


def test_days_are_as_without_asking(wh: Warehouse) -> None:
    """`per` day adds no column."""
    days = ("2026-11-01", "2026-11-18")

    assert wh.metrics(*days, per="day").equals(wh.metrics(*days))
    assert wh.metrics(*days).columns == ["event_date", "event_type", "count"]


def test_the_widest_range_has_weeks_and_months(wh: Warehouse) -> None:
    """The ends of the calendar are days like others, and no event is no row of the same types."""
    for per in ("week", "month"):
        assert wh.metrics("0001-01-01", "9999-12-31", per=per)["count"].sum() == 6
        assert wh.metrics("2020-01-01", "2020-01-01", per=per).schema["partial"] == pl.Boolean


@pytest.mark.parametrize("per", ["year", "", None, 7, ["week"]])
def test_a_length_that_is_none_is_named(wh: Warehouse, per: object) -> None:
    """What is no day, week or month raises BadParameter."""
    for ask in (wh.metrics, wh.summary):
        with pytest.raises(BadParameter, match=r"per: .* is not one of day, week, month"):
            ask("2026-11-01", "2026-11-02", per=per)  # type: ignore[arg-type]


@settings(max_examples=15)
@given(history=histories(), per=st.sampled_from(("week", "month")), complete=st.integers(-40, 900))
def test_sums_equal_those_of_plain_python(history: History, per: str, complete: int) -> None:
    """Metrics and summary, against loops over the counted events and the days of each week or month."""
    complete_until = min(event.created_at for event in history.events) + timedelta(hours=complete)
    days = (history.start, history.end)
    with TemporaryDirectory() as folder:
        SampleWarehouse(Path(folder), history.time_zone).publish(*history.events, complete_until=complete_until)
        with pixels.open(folder) as wh:
            found = wh.metrics(*days, per=per).rows(), wh.summary(*days, per=per).rows()

    def days_with(day: date) -> list[date]:
        near = [day + timedelta(days=number) for number in range(-31, 32)]
        return [other for other in near if is_same(day, other, per)]

    def is_partial(day: date) -> bool:
        today = complete_until.astimezone(ZoneInfo(history.time_zone)).date()
        return any(not days[0] <= other <= days[1] or other >= today for other in days_with(day))

    in_range = [e for e in counted(history.events, history.time_zone) if days[0] <= e.day(history.time_zone) <= days[1]]
    by_type: Counter[tuple[date, str, bool]] = Counter()
    by_banner: Counter[tuple[date, str, str, bool]] = Counter()
    for event in in_range:
        day = event.day(history.time_zone)
        first, partial = days_with(day)[0], is_partial(day)
        by_type[first, event.event_type, partial] += 1
        by_banner[first, event.event_type, event.banner_tag, partial] += 1
    assert found[0] == [(*key[:-1], count, key[-1]) for key, count in sorted(by_type.items())]
    assert found[1] == [(*key[:-1], count, key[-1]) for key, count in sorted(by_banner.items())]


def is_same(day: date, other: date, per: str) -> bool:
    """Whether two days are of one week or month of the calendar."""
    if per == "week":
        return day.isocalendar()[:2] == other.isocalendar()[:2]
    return (day.year, day.month) == (other.year, other.month)
