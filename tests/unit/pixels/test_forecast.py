"""How many of each cohort will have converted, and how often that is right."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from scipy import stats

import pixels
from pixels import Warehouse
from pixels.errors import BadParameter
from pixels.forecast import backtest, forecast
from pixels.frailty import Hazard, outlook, weights_of_spreads
from pixels.period import Period
from tests.sample_warehouse import Event, SampleWarehouse, at, deposit, registration, visit
from tests.unit.pixels.sample_events import History, histories

BEGIN = date(2026, 9, 7)
AUTUMN = ("2026-09-07", "2026-10-31")
ALIKE = np.eye(25)[-1]
"""Weights of spreads: cohorts differ by less than 1 %."""


def autumn() -> list[Event]:
    """Ten players register on each day of eight weeks; every other one of them deposits, two days later at noon."""
    events: list[Event] = []
    for day in range(55):
        morning = datetime(2026, 9, 7, 10, tzinfo=UTC) + timedelta(days=day)
        for number in range(10):
            events.append(registration(f"p{day}-{number}", "a", morning.isoformat()))
            if number % 2:
                events.append(deposit(f"p{day}-{number}", "a", (morning + timedelta(hours=50)).isoformat()))
    return events


def known_by(sample: SampleWarehouse, instant: str) -> None:
    """Publish what had happened by an instant."""
    until = at(instant)
    sample.publish(*(event for event in autumn() if event.created_at < until), complete_until=until)


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Until the Friday of the last week, an hour before the deposits of Wednesday's players."""
    sample = SampleWarehouse(tmp_path_factory.mktemp("home"))
    known_by(sample, "2026-10-30T11:00")
    with pixels.open(sample.home) as warehouse:
        yield warehouse


def test_a_cohort_whose_time_is_over_is_what_came(wh: Warehouse) -> None:
    """Seventy players of each week, of whom half deposited."""
    mature = wh.forecast(*AUTUMN, within="7d").filter("mature")
    assert mature["cohort"].to_list() == [BEGIN + timedelta(weeks=week) for week in range(6)]
    assert mature.drop("cohort").unique().rows() == [(70, 35, 0, 35.0, 35.0, 35.0, True)]


def test_of_an_open_cohort_as_many_are_expected_as_came_of_the_others(wh: Warehouse) -> None:
    """Of 50 who registered from Monday to Friday those of two days have had their two days and a bit; half of all will come."""
    (row,) = wh.forecast(*AUTUMN, within="7d").filter(cohort=date(2026, 10, 26)).to_dicts()
    assert (row["people"], row["converted"], row["open"], row["mature"]) == (50, 10, 40, False)
    assert row["expected"] == pytest.approx(25, abs=1.5)
    assert row["lower"] < 25 < row["upper"]


def test_a_higher_confidence_takes_wider_limits(wh: Warehouse) -> None:
    """Around the same number."""
    (narrow,), (wide,) = (
        wh.forecast(*AUTUMN, within="7d", confidence=c).filter(cohort=date(2026, 10, 26)).to_dicts()
        for c in (0.5, 0.99)
    )
    assert wide["lower"] < narrow["lower"] <= narrow["expected"] <= narrow["upper"] < wide["upper"]
    assert wide["expected"] == narrow["expected"]


def test_what_nobody_was_followed_for_cannot_be_foreseen(wh: Warehouse) -> None:
    """Counts stand there, and no forecast."""
    found = wh.forecast("2026-10-19", "2026-10-31", within="30d", learn=0)
    assert found.select("people", "converted", "expected", "lower", "upper").rows() == [
        (70, 35, None, None, None), (50, 10, None, None, None),
    ]  # fmt: skip
    assert wh.forecast("2026-10-19", "2026-10-31", within="30d", learn=40)["expected"].null_count() == 0


def test_months_are_those_of_the_calendar(wh: Warehouse) -> None:
    """Twenty-four days of September, and October as far as it went."""
    found = wh.forecast(*AUTUMN, by="month", within="7d").select("cohort", "people", "mature")
    assert found.rows() == [(date(2026, 9, 1), 240, True), (date(2026, 10, 1), 300, False)]


def test_a_backtest_forecasts_what_was_forecast_then(tmp_path: Path, wh: Warehouse) -> None:
    """From a snapshot of that time, of which a later one knows all that came since."""
    sample = SampleWarehouse(tmp_path)
    known_by(sample, "2026-10-05T00:00")
    with pixels.open(tmp_path) as then:
        of_then = then.forecast(*AUTUMN, within="7d").filter(~pl.col("mature"))
    found = wh.forecast_backtest(*AUTUMN, within="7d").filter(as_of=date(2026, 10, 4))
    assert found.select(of_then.columns[:-1]).rows() == of_then.drop("mature").rows()
    assert found.select("actual", "held").rows() == [(35, True)]


def test_a_backtest_tells_of_cohorts_that_were_open_and_are_over(wh: Warehouse) -> None:
    """One a week, from the second on, the first of which nothing else had taught anything."""
    found = wh.forecast_backtest(*AUTUMN, within="7d")
    assert found["as_of"].to_list() == [date(2026, 9, 20) + timedelta(weeks=week) for week in range(5)]
    assert (found["as_of"] - found["cohort"]).unique().to_list() == [timedelta(days=6)]
    assert found["held"].all()


def test_a_backtest_forecasts_at_the_end_of_each_cohort_whatever_came_after_it(wh: Warehouse, tmp_path: Path) -> None:
    """A week without anybody moves none of them, and the last cohort of the days is one like the others."""
    empty = {date(2026, 9, 28) + timedelta(days=day) for day in range(7)}
    sample = SampleWarehouse(tmp_path)
    of_weeks = [e for e in autumn() if e.event_type == "deposit" or e.created_at.date() not in empty]
    sample.publish(*of_weeks, complete_until=at("2026-12-01"))
    with pixels.open(tmp_path) as gapped:
        found = gapped.forecast_backtest("2026-09-07", "2026-11-01", within="7d")
        one_month = gapped.forecast_backtest("2026-10-01", "2026-10-31", by="month", within="7d", learn=60)
    sundays = [date(2026, 9, 20), date(2026, 9, 27), date(2026, 10, 11), date(2026, 10, 18), date(2026, 10, 25)]
    assert found["as_of"].to_list() == [*sundays, date(2026, 11, 1)]
    assert one_month.select("as_of", "cohort").rows() == [(date(2026, 10, 31), date(2026, 10, 1))]
    assert wh.forecast_backtest("2026-10-12", "2026-10-18", within="7d")["cohort"].to_list() == [date(2026, 10, 12)]


def test_a_cohort_of_which_everybody_converted_needs_no_forecast(tmp_path: Path) -> None:
    """Nobody is open, so what came is what is expected, also when nobody was followed for so long."""
    sample = SampleWarehouse(tmp_path)
    sample.publish(
        *(registration("p1", "a", "2026-09-07T10:00"), deposit("p1", "a", "2026-09-07T11:00")),
        registration("p2", "a", "2026-09-14T10:00"),
        complete_until=at("2026-09-15"),
    )
    with pixels.open(tmp_path) as warehouse:
        found = warehouse.forecast("2026-09-07", "2026-09-15", within="30d")
    assert found.select("open", "expected", "lower", "upper", "mature").rows() == [
        (0, 1.0, 1.0, 1.0, True),
        (1, None, None, None, False),
    ]


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("conversion", "visit"), ("by", "day"), ("within", "soon"), ("confidence", 90), ("learn", -1), ("learn", True), ("learn", 3_651),
     ("start", "today"), ("end", "2026-09-01")],
)  # fmt: skip
def test_a_wrong_parameter_is_named(wh: Warehouse, parameter: str, value: object) -> None:
    """By both questions."""
    question: dict[str, object] = {"start": AUTUMN[0], "end": AUTUMN[1], parameter: value}
    for ask in (wh.forecast, wh.forecast_backtest):
        with pytest.raises(BadParameter) as raised:
            ask(**question)  # type: ignore[arg-type]
        assert raised.value.parameter == parameter


@pytest.mark.parametrize("conversion", ["deposit", "registration"])
def test_an_empty_warehouse_and_a_single_person_have_the_same_columns(
    tmp_path: Path, wh: Warehouse, conversion: str
) -> None:
    """From one end of the calendar to the other."""
    SampleWarehouse(tmp_path / "empty").publish()
    SampleWarehouse(tmp_path / "one").publish(
        visit("p", "a", "2026-10-01T10:00"), registration("p", "a", "2026-10-01T11:00")
    )
    for home, rows in (("empty", 0), ("one", 1)):
        with pixels.open(tmp_path / home) as small:
            found = small.forecast("0001-01-01", "9999-12-31", conversion)
            tested = small.forecast_backtest("0001-01-01", "9999-12-31", conversion)
        assert (found.height, tested.height) == (rows, 0)
        assert found.schema == wh.forecast(*AUTUMN).schema
        assert tested.schema == wh.forecast_backtest(*AUTUMN, within="7d").schema


def simulated(cohorts: int, size: int, spread: float, seed: int) -> pl.DataFrame:
    """People of one cohort a week, who convert as the method takes it: some soon, some late, some never."""
    random = np.random.default_rng(seed)
    monday = datetime(2024, 1, 1, tzinfo=UTC)
    rows = []
    for week in range(cohorts):
        readiness = random.gamma(spread, 1 / spread)
        began = np.sort(random.uniform(0, 7 * 86_400, size))
        # A summed hazard of 0.6 in the end, half of it after three days.
        limit = random.exponential(1, size) / readiness
        takes = np.where(limit < 0.6, -np.log1p(-np.minimum(limit, 0.599999) / 0.6) * 3 / np.log(2) * 86_400, np.inf)
        rows += [
            (monday + timedelta(weeks=week, milliseconds=round(start * 1000)), min(length, 1e9), bool(length < 1e9))
            for start, length in zip(began.tolist(), takes.tolist(), strict=True)
        ]
    frame = pl.DataFrame(rows, ["began_at", "seconds", "converted"], orient="row")
    day = pl.col("began_at").dt.date()
    return frame.with_columns(event_date=day, cohort=day.dt.truncate("1w"))


@pytest.mark.parametrize(("size", "spread"), [(40, 20.0), (400, 20.0), (400, 1_000.0)])
def test_limits_hold_as_often_as_they_say(size: int, spread: float) -> None:
    """Of simulated cohorts, of few people and many, that differ much and little; but for what chance does to so many trials."""
    people = simulated(60, size, spread, seed=7)
    everything = Period(date(2024, 1, 1), date(2025, 12, 31))
    tested = backtest(people, everything, "week", "14d", 0.9, datetime(2025, 12, 1, tzinfo=UTC), "UTC")
    later = tested.filter(pl.col("as_of") > date(2024, 3, 1))
    assert later.height > 90
    held = int(later["held"].sum())
    # Two forecasts of a cohort are no two trials: half as many are taken for granted.
    assert stats.binom.cdf(held // 2, later.height // 2, 0.9) > 0.005
    assert later["held"].mean() < 0.99  # type: ignore[operator]
    assert (later["expected"] - later["actual"]).mean() == pytest.approx(0, abs=0.03 * size)


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=20))
def test_the_hazard_is_that_of_plain_python(people: list[tuple[int, bool]]) -> None:
    """The sum of d / n up to each time, and what lies between it and the last, with the sum of d / n squared of that, and half a conversion more."""
    hazard = Hazard.of(np.array([float(s) for s, _ in people]), np.array([c for _, c in people]))
    for time in range(-1, 8):
        terms = [
            (sum(c and s == moment for s, c in people), sum(s >= moment for s, _ in people))
            for moment in sorted({s for s, _ in people if s <= time})
        ]
        assert hazard.summed_at(np.array([float(time)]))[0] == pytest.approx(sum(d / n for d, n in terms))
        later = [
            (sum(c and s == moment for s, c in people), sum(s >= moment for s, _ in people))
            for moment in sorted({s for s, _ in people if s > time})
        ]
        risk, relative = hazard.ahead(np.array([float(time)]), 7.0)
        on = later[0][1] if later else 1
        assert risk[0] == pytest.approx(sum(-np.log(1 - min(d, n - 0.5) / n) for d, n in later) + 0.5 / on)
        assert relative * risk[0] ** 2 == pytest.approx(sum(d / n**2 for d, n in later) + 0.5 / on**2)


def test_cohorts_that_are_alike_leave_chance_alone() -> None:
    """Each of a hundred converts with the chance of one half: the limits are those of a binomial number."""
    seen = outlook(0, 0, np.full(100, np.log(2)), 0.0, ALIKE, 0.9)
    assert seen.expected == pytest.approx(50, abs=0.1)
    assert (seen.lower, seen.upper) == tuple(stats.binom.ppf([0.05, 0.95], 100, 0.5))


def test_a_cohort_that_was_readier_so_far_stays_so() -> None:
    """By as much as cohorts have differed: not at all when they are alike."""
    to_come = np.full(1_000, 0.01)
    spread = np.eye(25)[0]  # k = 2
    assert outlook(20, 8, to_come, 0.0, spread, 0.9).expected == pytest.approx(
        1_000 * 0.01 * (2 + 20) / (2 + 8), rel=0.02
    )
    assert outlook(20, 8, to_come, 0.0, ALIKE, 0.9).expected == pytest.approx(10, rel=0.02)
    assert outlook(20, 8, np.array([]), 0.0, ALIKE, 0.9).upper == 0


def test_how_much_cohorts_differ_is_learnt() -> None:
    """Cohorts of which each brought what was expected speak for a small spread, others for a large one."""
    alike = weights_of_spreads(np.full(30, 50.0), np.full(30, 50.0))
    differing = weights_of_spreads(np.tile([10.0, 90.0], 15), np.full(30, 50.0))
    assert alike[-5:].sum() > 0.2 > 0.01 > alike[:8].sum()
    assert differing[:8].sum() > 0.99
    assert weights_of_spreads(np.array([]), np.array([])) == pytest.approx(np.full(25, 1 / 25))


@given(history=histories(), hours=st.integers(-12, 96))
def test_cohorts_are_counted_as_plain_python_counts_them(history: History, hours: int) -> None:
    """Who began, who converted within a day and a half, who still had time; the expected number lies between the limits."""
    until = min(event.created_at for event in history.events) + timedelta(hours=hours)
    horizon = timedelta(hours=36)
    cells: dict[date, list[int]] = {}
    for player in {event.player_id for event in history.events}:
        own = sorted((e for e in history.events if e.player_id == player), key=lambda e: e.order)
        registered = next((e for e in own if e.event_type == "registration"), None)
        deposited = next((e.created_at for e in own if e.event_type == "deposit"), None)
        if registered is None or registered.created_at >= until or (deposited and deposited < registered.created_at):
            continue
        day = registered.day(history.time_zone)
        if not history.start <= day <= history.end:
            continue
        came = deposited is not None and deposited < until and deposited - registered.created_at <= horizon
        cell = cells.setdefault(day - timedelta(days=day.weekday()), [0, 0, 0])
        cell[0] += 1
        cell[1] += came
        cell[2] += not came and until - registered.created_at < horizon
    with TemporaryDirectory() as folder:
        SampleWarehouse(Path(folder), history.time_zone).publish(*history.events, complete_until=until)
        with pixels.open(folder) as warehouse:
            found = warehouse.forecast(history.start, history.end, within="36h", learn=3)
    known = found.filter(pl.col("expected").is_not_null())
    assert {row[0]: list(row[1:3]) for row in found.iter_rows()} == {cohort: cell[:2] for cohort, cell in cells.items()}
    assert {row[0]: row[3] for row in known.iter_rows()} == {row[0]: cells[row[0]][2] for row in known.iter_rows()}
    for row in known.iter_rows(named=True):
        assert row["converted"] <= row["lower"] <= row["upper"] <= row["converted"] + row["open"]
        assert row["mature"] == (row["open"] == 0)
        assert row["converted"] <= row["expected"] <= row["converted"] + row["open"]


def test_forecast_takes_the_frame_of_people_in_any_order() -> None:
    """The newest first gives the same."""
    people = simulated(5, 30, 20.0, seed=1)
    ask = (Period(date(2024, 1, 1), date(2024, 12, 31)), "14d", 0.9, datetime(2024, 2, 3, tzinfo=UTC))
    assert_frame_equal(forecast(people.reverse(), *ask), forecast(people, *ask))
