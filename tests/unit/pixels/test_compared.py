"""Key figures beside those of earlier days, and only where a change does not mislead."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pixels
from pixels import Warehouse
from pixels.compared import comparable_days, earlier_days
from pixels.errors import BadParameter
from pixels.period import Period
from tests.sample_warehouse import SampleWarehouse, at, deposit, registration, visit

TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)
WEEK = Period(date(2026, 11, 15), date(2026, 11, 21))
SINCE_OCTOBER = dict.fromkeys(("visit", "registration", "deposit"), date(2026, 10, 1))


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Data from 1 November to the morning of the 22nd, in Berlin; of every type since the end of October."""
    home = tmp_path_factory.mktemp("home")
    SampleWarehouse(home, "Europe/Berlin").publish(
        visit("v-0", "brandA", "2026-10-31T10:00"),
        registration("p0", "brandA", "2026-10-31T11:00"),
        deposit("p0", "brandA", "2026-10-31T12:00"),
        visit("v-1", "brandA", "2026-11-01T10:00"),
        visit("v-1", "brandA", "2026-11-08T10:00"),
        visit("v-2", "brandA", "2026-11-08T10:00"),
        visit("v-1", "brandA", "2026-11-15T10:00"),
        visit("v-2", "brandA", "2026-11-15T10:00"),
        visit("v-3", "brandA", "2026-11-16T10:00"),
        registration("p1", "brandA", "2026-11-16T11:00"),
        deposit("p1", "brandA", "2026-11-16T12:00"),
        visit("v-9", "brandA", "2026-11-22T08:00"),
        complete_until=at("2026-11-22T09:00"),
    )
    with pixels.open(home) as warehouse:
        yield warehouse


def test_each_figure_stands_beside_that_of_the_days_before(wh: Warehouse) -> None:
    """Three visits after two are half as many more; from nothing there is no change that could be written in percent."""
    found = wh.compare("2026-11-15", "2026-11-21")

    assert found.columns == ["figure", "now", "before", "change", "start", "end", "before_start", "before_end"]
    assert found["figure"].to_list() == wh.kpis("2026-11-15", "2026-11-21").columns
    days = (date(2026, 11, 15), date(2026, 11, 21), date(2026, 11, 8), date(2026, 11, 14))
    assert found.row(0) == ("daily_unique_visitors", 3, 2, 0.5, *days)
    assert found.row(by_predicate=pl.col("figure") == "ftd") == ("ftd", 1, 0, None, *days)


def test_fewer_than_before_is_a_change_below_nothing(wh: Warehouse) -> None:
    """From three visits to none: all of them are gone."""
    assert wh.compare("2026-11-17", "2026-11-18").row(0)[1:4] == (0, 3, -1.0)


def test_the_same_days_of_the_week_are_as_few_weeks_earlier_as_do_not_overlap(wh: Warehouse) -> None:
    """A Sunday and a Monday are compared with those of the week before, seven with the seven before."""
    two = wh.compare("2026-11-15", "2026-11-16", against="weekday").row(0, named=True)
    seven = wh.compare("2026-11-15", "2026-11-21", against="weekday").row(0, named=True)

    assert (two["before_start"], two["before_end"]) == (date(2026, 11, 8), date(2026, 11, 9))
    assert (two["now"], two["before"]) == (3, 2)
    assert seven["before_start"] == date(2026, 11, 8)


def test_nothing_is_compared_with_days_before_the_first_data(wh: Warehouse) -> None:
    """The figures of the days themselves are there; the others, their days and the change are null."""
    found = wh.compare("2026-11-01", "2026-11-02")

    assert found["now"].null_count() == 0
    assert found.select("before", "change", "before_start", "before_end").null_count().row(0) == (found.height,) * 4
    assert found.schema == wh.compare("2026-11-15", "2026-11-21").schema


def test_imported_registrations_do_not_make_visits_comparable(tmp_path: Path) -> None:
    """Old registrations tell nothing of the visits of their days: visits are compared once visits are held."""
    SampleWarehouse(tmp_path).publish(
        *(
            registration(f"old-{day}", "a", f"2026-0{month}-{day:02d}T10:00")
            for month in (8, 9)
            for day in range(1, 29)
        ),
        *(visit(f"v-{day}-{n}", "a", f"2026-11-{day:02d}T08:00") for day in range(11, 22) for n in range(10)),
        complete_until=at("2026-11-22T09:00"),
    )
    with pixels.open(tmp_path) as imported:
        found = {row["figure"]: row for row in imported.compare("2026-11-15", "2026-11-21").to_dicts()}
        running = imported.today()

    assert (found["daily_unique_visitors"]["now"], found["daily_unique_visitors"]["before"]) == (70, None)
    assert found["daily_unique_visitors"]["before_start"] is None
    assert (found["registrations"]["before"], found["registrations"]["before_start"]) == (0, date(2026, 11, 8))
    assert found["ftd"]["before"] is None  # no deposit was ever sent
    assert running.select("event_type", "before").rows() == [("deposit", None), ("registration", 0), ("visit", 10)]


def test_the_day_that_pixels_went_live_is_no_whole_day(tmp_path: Path) -> None:
    """One visit in its last hour beside a day of 20 would be growth of nineteen times."""
    SampleWarehouse(tmp_path).publish(
        visit("first", "a", "2026-11-19T23:00"),
        *(visit(f"v{n}", "a", f"2026-11-{day}T10:00") for day in (20, 21) for n in range(20)),
        complete_until=at("2026-11-26T12:00"),
    )
    with pixels.open(tmp_path) as wh:
        assert wh.compare("2026-11-20", "2026-11-20")["before"].null_count() == 8
        assert wh.compare("2026-11-21", "2026-11-21").row(0)[1:4] == (20, 20, 0.0)
        assert wh.today()["before"].to_list() == [None] * 3


def test_an_empty_warehouse_has_nothing_to_compare_with(tmp_path: Path) -> None:
    """Every figure is 0 and was never anything else."""
    SampleWarehouse(tmp_path).publish_again(complete_until=at("2026-11-22T09:00"))

    with pixels.open(tmp_path) as empty:
        found = empty.compare("2026-11-15", "2026-11-21")

    assert found["now"].to_list() == [0] * found.height
    assert found["before"].null_count() == found.height


def test_what_an_older_snapshot_does_not_hold_is_null_on_both_sides(tmp_path: Path) -> None:
    """Transactions were not kept then: no number, and no change of it."""
    sample = SampleWarehouse(tmp_path)
    sample.publish(visit("v", "x", "2026-11-01T10:00"), complete_until=at("2026-11-22T09:00"))
    sample.publish_again(complete_until=at("2026-11-22T09:00"), schema_version=2)

    with pixels.open(tmp_path) as older:
        found = older.compare("2026-11-03", "2026-11-04").row(by_predicate=pl.col("figure") == "deposit_transactions")

    assert found[1:4] == (None, None, None)


@pytest.mark.parametrize("end", ["2026-11-22", "2026-11-23", "9999-12-31"])
def test_a_day_that_is_not_over_is_refused_with_what_to_ask_instead(wh: Warehouse, end: str) -> None:
    """Part of a day beside a whole one would look like a fall."""
    with pytest.raises(BadParameter, match="2026-11-21") as refused:
        wh.compare("2026-11-16", end)

    assert refused.value.parameter == "end"


@pytest.mark.parametrize("against", ["week", "", None, 7, ["previous"], "' OR true --"])
def test_only_what_is_named_can_be_compared_with(wh: Warehouse, against: object) -> None:
    """Anything else raises BadParameter that lists what there is."""
    with pytest.raises(BadParameter, match="previous, weekday") as refused:
        wh.compare("2026-11-15", "2026-11-21", against=against)  # type: ignore[arg-type]

    assert refused.value.parameter == "against"


def test_the_first_days_of_the_calendar_have_none_before_them(wh: Warehouse) -> None:
    """They are days like others, without anything to compare with."""
    assert wh.compare("0001-01-01", "0001-01-01")["before"].null_count() == 8
    assert earlier_days(Period(date(1, 1, 2), date(1, 1, 2)), "weekday") is None


@pytest.mark.parametrize(
    ("period", "first"),
    [
        pytest.param(Period(TODAY, TODAY), SINCE_OCTOBER, id="the running day is in it"),
        pytest.param(WEEK, {**SINCE_OCTOBER, "visit": date(2026, 11, 9)}, id="visits begin later"),
        pytest.param(
            WEEK, {**SINCE_OCTOBER, "deposit": date(2026, 11, 8)}, id="deposits begin on the first of the days"
        ),
        pytest.param(WEEK, {"visit": date(2026, 10, 1)}, id="no registration ever"),
        pytest.param(WEEK, {}, id="no data"),
        pytest.param(Period(date.min, date(2026, 11, 2)), SINCE_OCTOBER, id="the calendar begins later"),
    ],
)
def test_a_comparison_that_would_mislead_is_not_made(period: Period, first: dict[str, date]) -> None:
    """A running day, and days on which one of the types was not there from its beginning, are no fair comparison."""
    assert comparable_days(period, TODAY, first, SINCE_OCTOBER) is None


def test_complete_days_with_data_before_are_compared() -> None:
    """The week before, when there is data for all of it."""
    first = {"visit": date(2026, 11, 7), "deposit": date(2026, 11, 20)}

    assert comparable_days(WEEK, TODAY, first, ["visit"]) == Period(date(2026, 11, 8), date(2026, 11, 14))


@given(
    start=st.dates(date(2026, 10, 1), date(2026, 11, 25)),
    length=st.integers(1, 30),
    first=st.dates(date(2026, 9, 1), date(2026, 11, 1)),
    against=st.sampled_from(["previous", "weekday"]),
)
def test_earlier_days_are_those_that_counting_days_one_by_one_finds(
    start: date, length: int, first: date, against: str
) -> None:
    """Go back a day at a time until as many days fit in front of the first one, on the same day of the week if asked."""
    period = Period(start, start + (length - 1) * DAY)
    then = start
    while then + (length - 1) * DAY >= start or (against == "weekday" and then.weekday() != start.weekday()):
        then -= DAY
    fair = period.end < TODAY and then > first

    found = comparable_days(period, TODAY, {"visit": first}, ["visit"], against)

    assert found == (Period(then, then + (length - 1) * DAY) if fair else None)


@given(start=st.dates(date(2026, 11, 1), date(2026, 11, 21)), length=st.integers(1, 8))
def test_both_sides_are_the_key_figures_of_their_days(wh: Warehouse, start: date, length: int) -> None:
    """One implementation of each number: `wh.kpis`."""
    end = min(start + (length - 1) * DAY, TODAY - DAY)
    for figure, now, before, change, *_, then, until in wh.compare(start, end).rows():
        assert now == wh.kpis(start, end)[figure].item()
        assert before == (wh.kpis(then, until)[figure].item() if then else None)
        assert change == ((now - before) / before if before else None)
