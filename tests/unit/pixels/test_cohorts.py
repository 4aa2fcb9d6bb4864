"""Which of the players who registered in one week or month deposited, and by when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import holoviews as hv
import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import pixels
from pixels import Warehouse, plots
from pixels.errors import BadParameter
from tests.sample_warehouse import Event, SampleWarehouse, at, counted, deposit, registration, visit

OCTOBER = ("2026-10-05", "2026-10-31")
MONDAY = date(2026, 10, 5)


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Four players of one week and one of three weeks later, seen on the Wednesday of that week."""
    sample = SampleWarehouse(tmp_path_factory.mktemp("home"))
    sample.publish(
        registration("p1", "a", "2026-10-05T00:00"),
        deposit("p1", "a", "2026-10-11T23:59:59.999"),
        deposit("p1", "b", "2026-10-12T00:00"),
        registration("p2", "a", "2026-10-11T10:00"),
        deposit("p2", "a", "2026-10-26T10:00"),
        deposit("p2", "a", "2026-10-26T11:00"),
        deposit("before", "a", "2026-10-06T10:00"),
        registration("before", "a", "2026-10-07T10:00"),
        deposit("before", "a", "2026-10-08T10:00"),
        registration("never", "a", "2026-10-08T10:00"),
        registration("p5", "a", "2026-10-27T10:00"),
        visit("v-1", "a", "2026-10-27T10:00"),
        complete_until=at("2026-10-28T12:00"),
    )
    with pixels.open(sample.home) as warehouse:
        yield warehouse


def test_depositors_are_counted_by_the_end_of_each_week(wh: Warehouse) -> None:
    """First and repeated deposits add up from week to week; who deposited in a week stands apart."""
    columns = ["cohort", "offset", "players", "first_depositors", "repeat_depositors", "active_depositors", "mature"]
    assert wh.cohorts(*OCTOBER).select(columns).rows() == [
        (MONDAY, 0, 4, 1, 0, 1, True),
        (MONDAY, 1, 4, 1, 1, 1, True),
        (MONDAY, 2, 4, 1, 1, 0, True),
        (MONDAY, 3, 4, 2, 1, 1, False),
        (date(2026, 10, 26), 0, 1, 0, 0, 0, False),
    ]


def test_rates_are_of_all_players_of_the_cohort(wh: Warehouse) -> None:
    """Every rate has the same denominator, which stands beside it."""
    row = wh.cohorts(*OCTOBER).row(3, named=True)
    assert (row["first_deposit_rate"], row["repeat_deposit_rate"], row["active_rate"]) == (0.5, 0.25, 0.25)


def test_who_deposited_before_registering_stands_apart(wh: Warehouse) -> None:
    """Neither that deposit nor those after it are a first or a repeated one of the cohort."""
    assert wh.cohorts(*OCTOBER)["deposited_before"].to_list() == [1, 1, 1, 1, 0]


def test_months_are_those_of_the_calendar(wh: Warehouse) -> None:
    """One cohort, whose first cell is not over on 28 October."""
    assert wh.cohorts(*OCTOBER, by="month").select(
        "cohort", "offset", "players", "first_depositors", "mature"
    ).rows() == [(date(2026, 10, 1), 0, 5, 2, False)]


def test_the_cells_of_a_cohort_are_limited(wh: Warehouse) -> None:
    """What comes later is left out; what is shown stays the same."""
    assert wh.cohorts(*OCTOBER, periods=1).rows() == wh.cohorts(*OCTOBER).filter(pl.col("offset") == 0).rows()


def test_only_registrations_of_the_range_are_in_a_cohort(wh: Warehouse) -> None:
    """Both ends included; a week that the range cuts has the players of its days."""
    assert wh.cohorts("2026-10-11", "2026-10-11").select("cohort", "players").row(0) == (MONDAY, 1)
    assert wh.cohorts("2026-10-05", "2026-10-05")["players"][0] == 1


def test_a_plot_has_a_cell_for_each_row_and_frames_those_that_are_not_over(wh: Warehouse) -> None:
    """The rate stands in the cell, a dashed frame says that it can grow, and the newest cohorts are below."""
    figure = hv.render(plots.cohorts(wh.cohorts(*OCTOBER)), backend="bokeh")
    over, not_over, texts = figure.renderers
    assert list(over.data_source.data["percent"]) == ["25.0 %"] * 3
    assert list(not_over.data_source.data["percent"]) == ["50.0 %", "0.0 %"]
    assert (over.glyph.line_color, bool(not_over.glyph.line_dash), figure.output_backend) == (None, True, "canvas")
    assert list(texts.data_source.data["down"]) == [0, 0, 0, 0, -1]
    assert list(figure.yaxis[0].major_label_overrides.values()) == ["2026-10-05", "2026-10-26"]


def test_a_plot_of_many_cohorts_draws_the_newest(wh: Warehouse) -> None:
    """Its title says of how many; another rate can be drawn, an unknown one is named; nothing is drawn as well."""
    figure = hv.render(plots.cohorts(wh.cohorts(*OCTOBER), "active_rate", limit=1), backend="bokeh")
    assert figure.title.text == "Deposited in it (%): the newest 1 of 2 cohorts"
    assert list(figure.renderers[0].data_source.data["cohort"]) == ["2026-10-26"]
    with pytest.raises(BadParameter, match="measure: 'rate' is not one of first_deposit_rate"):
        plots.cohorts(wh.cohorts(*OCTOBER), "rate")
    assert hv.render(plots.cohorts(wh.cohorts("2020-01-01", "2020-01-31")), backend="bokeh").renderers


def test_without_registrations_there_is_no_cohort(tmp_path: Path, wh: Warehouse) -> None:
    """The frame has its columns and types, whatever the range, also in an empty warehouse."""
    SampleWarehouse(tmp_path).publish()
    with pixels.open(tmp_path) as empty:
        nothing = empty.cohorts("0001-01-01", "9999-12-31", by="month", periods=600)
    assert nothing.is_empty()
    assert nothing.schema == wh.cohorts(*OCTOBER).schema
    assert set(nothing.dtypes) == {pl.Date(), pl.Int64(), pl.Float64(), pl.Boolean()}


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("by", "day"), ("by", None), ("by", ["week"]), ("periods", 0), ("periods", 601), ("periods", True), ("periods", "3"),
     ("start", "2026-02-30"), ("end", "2026-10-01")],
)  # fmt: skip
def test_a_wrong_parameter_is_named(wh: Warehouse, parameter: str, value: object) -> None:
    """It raises BadParameter with the name."""
    question: dict[str, object] = {"start": OCTOBER[0], "end": OCTOBER[1], parameter: value}
    with pytest.raises(BadParameter) as raised:
        wh.cohorts(**question)  # type: ignore[arg-type]
    assert raised.value.parameter == parameter


BEGIN = datetime(2026, 9, 27, 22, tzinfo=UTC)  # in Berlin the midnight of a Monday
END = BEGIN + timedelta(days=56)
events = st.builds(
    Event,
    event_type=st.sampled_from(("registration", "deposit", "deposit", "visit")),
    player_id=st.sampled_from(("p1", "p2", "p3", "v-1")),
    banner_tag=st.sampled_from("ab"),
    created_at=st.integers(0, 56 * 24).map(lambda hour: BEGIN + timedelta(hours=hour)),
    s=st.sampled_from(("", "v-1")),
    id=st.uuids().map(str),
)


def first_day(day: date, by: str) -> date:
    """The first day of the week or month."""
    return day - timedelta(days=day.weekday()) if by == "week" else day.replace(day=1)


def following(day: date, by: str) -> date:
    """The first day of the next week or month."""
    return first_day(day + timedelta(days=7 if by == "week" else 31), by)


def by_brute_force(history: list[Event], zone: str, days: tuple[date, date], by: str) -> list[tuple[object, ...]]:
    """Every cell, counted player by player."""
    cohorts: dict[date, list[list[date]]] = {}
    before: dict[date, int] = {}
    for player in {event.player_id for event in history}:
        registered = [e for e in history if (e.player_id, e.event_type) == (player, "registration")]
        deposited = [e for e in history if (e.player_id, e.event_type) == (player, "deposit")]
        if not registered:
            continue
        first = min(registered, key=lambda e: e.created_at)
        if not days[0] <= first.day(zone) <= days[1]:
            continue
        early = any(e.created_at < first.created_at for e in deposited)
        cohort = first_day(first.day(zone), by)
        cohorts.setdefault(cohort, []).append([] if early else sorted({e.day(zone) for e in counted(deposited, zone)}))
        before[cohort] = before.get(cohort, 0) + early
    today = END.astimezone(ZoneInfo(zone)).date()
    cells: list[tuple[object, ...]] = []
    for cohort, players in sorted(cohorts.items()):
        begin, offset = cohort, 0
        while begin <= today:
            end = following(begin, by)
            first_, repeated = (sum(len(p) > n and p[n] < end for p in players) for n in (0, 1))
            active = sum(any(begin <= day < end for day in p) for p in players)
            cells.append((cohort, offset, len(players), before[cohort], first_, repeated, active, end <= today))
            begin, offset = end, offset + 1
    return cells


@settings(phases=[Phase.explicit, Phase.generate])
@given(
    history=st.lists(events, min_size=4, max_size=24, unique_by=lambda e: e.id),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Auckland"]),
    start=st.integers(0, 20),
)
def test_every_cell_is_as_by_brute_force(history: list[Event], zone: str, start: int) -> None:
    """Weeks and months, changes of the clock, repeats, deposits before the registration, visitor keys as players."""
    days = (BEGIN.date() + timedelta(days=start), date(2026, 11, 10))
    with TemporaryDirectory() as folder:
        SampleWarehouse(Path(folder), zone).publish(*history, complete_until=END)
        with pixels.open(folder) as warehouse:
            for by in ("week", "month"):
                found = warehouse.cohorts(*days, by=by)
                assert found.drop(pl.selectors.ends_with("_rate")).rows() == by_brute_force(history, zone, days, by)
