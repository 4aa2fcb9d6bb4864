"""Which share has converted by when, though not everybody has been followed for so long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import exp, log, sqrt
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pixels
from pixels import Warehouse
from pixels.errors import BadParameter
from pixels.survival import limits, survival
from tests.sample_warehouse import Event, SampleWarehouse, at, deposit, registration, visit
from tests.unit.pixels.sample_events import History, histories

NOVEMBER = ("2026-11-01", "2026-11-30")
HOSTILE = "' OR true --"
Z_95 = 1.959963984540054


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Four players who registered; two deposited, one of them after a day and a half, one registered yesterday."""
    sample = SampleWarehouse(tmp_path_factory.mktemp("home"))
    sample.publish(
        visit("v-1", "a", "2026-11-01T08:00", s="v-1"),
        registration("p1", "a", "2026-11-01T10:00", s="v-1"),
        deposit("p1", "a", "2026-11-01T16:00"),
        registration("p2", "a", "2026-11-02T00:00"),
        deposit("p2", HOSTILE, "2026-11-03T12:00"),
        registration("p3", HOSTILE, "2026-11-03T00:00"),
        registration("p4", "a", "2026-11-09T00:00"),
        visit("v-2", "a", "2026-11-05T10:00"),
        deposit("early", "a", "2026-11-03T10:00"),
        registration("early", "a", "2026-11-04T10:00"),
        deposit("early", "a", "2026-11-06T10:00"),
        registration("p9", "a", "2026-11-10T13:00"),
        complete_until=at("2026-11-10T12:00"),
    )
    with pixels.open(sample.home) as warehouse:
        yield warehouse


def test_everybody_counts_as_long_as_they_were_followed(wh: Warehouse) -> None:
    """p4 was followed for a day and a half: who is at risk after two days is p3 alone, and nobody is lost for that."""
    found = wh.time_to_convert(*NOVEMBER, within="8d").select("after_seconds", "people", "at_risk", "converted")
    days = [(row[0] // 86_400, *row[1:]) for row in found.rows()]
    assert days == [(0, 4, 4, 0), (1, 4, 3, 1), *((day, 4, 1, 2) for day in range(2, 8)), (8, 4, 0, 2)]


def test_the_share_is_that_of_all_who_began(wh: Warehouse) -> None:
    """A quarter after a day; p4 is not known to fail, so the second deposit, of three who could, takes it to one half."""
    shares = wh.time_to_convert(*NOVEMBER, within="8d")["converted_share"].to_list()
    assert shares[:3] == pytest.approx([0, 0.25, 0.5])
    assert shares[7] == pytest.approx(0.5)
    assert shares[8] is None


def test_who_deposited_first_or_registers_later_than_is_known_is_left_out(wh: Warehouse) -> None:
    """`early` has no first deposit after a registration; p9 registered after the data ends."""
    assert wh.time_to_convert("2026-11-04", "2026-11-04")["people"].unique().to_list() == [0]
    assert wh.time_to_convert("2026-11-10", "2026-11-10")["people"].unique().to_list() == [0]


def test_visits_lead_to_registrations_of_the_same_person(wh: Warehouse) -> None:
    """The visitor key was linked two hours after its visit; the other visitor is still waited for."""
    found = wh.time_to_convert(*NOVEMBER, conversion="registration", within="3h")
    assert found.select("after_seconds", "people", "converted", "converted_share").rows() == [
        (0, 2, 0, 0.0), (3_600, 2, 0, 0.0), (7_200, 2, 1, 0.5), (10_800, 2, 1, 0.5),
    ]  # fmt: skip


def test_values_of_a_dimension_stand_apart(wh: Warehouse) -> None:
    """Of the registration, the one with the most people first; a hostile tag is a tag."""
    found = wh.time_to_convert(*NOVEMBER, by="banner_tag", within="2d")
    assert found.select("banner_tag", "people", "converted").rows() == [
        ("a", 3, 0), ("a", 3, 1), ("a", 3, 2), (HOSTILE, 1, 0), (HOSTILE, 1, 0), (HOSTILE, 1, 0),
    ]  # fmt: skip
    nobody_knows = wh.time_to_convert(*NOVEMBER, by="affiliate", within="2d")
    assert nobody_knows.drop("affiliate").rows() == wh.time_to_convert(*NOVEMBER, within="2d").rows()


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("conversion", "visit"), ("conversion", None), ("within", "soon"), ("within", 7), ("within", "401d"), ("within", "0d"), ("confidence", 95),
     ("confidence", 1.0), ("confidence", 0.4), ("by", "planet"), ("start", "today"), ("end", "2026-10-31")],
)  # fmt: skip
def test_a_wrong_parameter_is_named(wh: Warehouse, parameter: str, value: object) -> None:
    """No wrong question is answered."""
    question: dict[str, object] = {"start": NOVEMBER[0], "end": NOVEMBER[1], parameter: value}
    with pytest.raises(BadParameter) as raised:
        wh.time_to_convert(**question)  # type: ignore[arg-type]
    assert raised.value.parameter == parameter


@pytest.mark.parametrize("conversion", ["deposit", "registration"])
def test_an_empty_warehouse_has_the_same_columns(tmp_path: Path, wh: Warehouse, conversion: str) -> None:
    """Of nobody no share is known; by a dimension there is no row."""
    SampleWarehouse(tmp_path).publish()
    with pixels.open(tmp_path) as empty:
        nothing = empty.time_to_convert("0001-01-01", "9999-12-31", conversion, within="2d")
        assert nothing.schema == wh.time_to_convert(*NOVEMBER, conversion).schema
        assert nothing.drop("after_seconds").unique().rows() == [(0, 0, 0, None, None, None)]
        split = empty.time_to_convert("0001-01-01", "9999-12-31", conversion, by="banner_tag")
        assert split.is_empty()
        assert split.schema == wh.time_to_convert(*NOVEMBER, conversion, by="banner_tag").schema


Followed = list[tuple[float, bool]]
followed = st.lists(st.tuples(st.integers(0, 9).map(float), st.booleans()), min_size=1, max_size=25)


def by_hand(people: Followed, time: float) -> tuple[float, float]:
    """Kaplan and Meier's estimate after a time, and Greenwood's sum, in plain Python."""
    surviving, variance = 1.0, 0.0
    for moment in sorted({seconds for seconds, converted in people if converted and seconds <= time}):
        at_risk = sum(seconds >= moment for seconds, _ in people)
        here = sum(converted and seconds == moment for seconds, converted in people)
        surviving *= 1 - here / at_risk
        variance += here / (at_risk * (at_risk - here)) if here < at_risk else 0.0
    return surviving, variance


@given(groups=st.lists(followed, min_size=1, max_size=3))
def test_the_estimate_and_its_limits_are_those_of_plain_python_and_of_scipy(groups: list[Followed]) -> None:
    """At every time of every group, ties included."""
    from scipy import stats

    rows = [(number, *one) for number, people in enumerate(groups) for one in people]
    frame = pl.DataFrame(rows, ["group", "seconds", "converted"], orient="row")
    lower, upper = limits(0.95)
    found = survival(frame, ["group"]).with_columns(lower=lower, upper=upper)
    for row in found.iter_rows(named=True):
        people = groups[row["group"]]
        surviving, variance = by_hand(people, row["seconds"])
        assert row["surviving"] == pytest.approx(surviving, abs=1e-12)
        ends, gone = ([s for s, converted in people if converted is wanted] for wanted in (True, False))
        scipys = stats.ecdf(stats.CensoredData(uncensored=ends, right=gone)).sf if ends else None
        if scipys is not None:
            assert scipys.evaluate(row["seconds"]) == pytest.approx(surviving, abs=1e-12)
        if 0 < surviving < 1:
            width = Z_95 * sqrt(variance) / -log(surviving)
            expected = (1 - surviving ** exp(-width), 1 - surviving ** exp(width))
            assert (row["lower"], row["upper"]) == pytest.approx(expected)
            assert row["lower"] <= 1 - surviving <= row["upper"]
        else:
            assert (row["lower"], row["upper"]) == (None, None)


def followed_by_hand(history: History, until: datetime) -> list[tuple[timedelta, bool]]:
    """How long each player who registered in the range was followed, and whether until the first deposit."""
    found: list[tuple[timedelta, bool]] = []
    for player in {event.player_id for event in history.events}:
        own: dict[str, list[Event]] = {}
        for event in sorted(history.events, key=lambda event: event.order):
            if event.player_id == player:
                own.setdefault(event.event_type, []).append(event)
        registered = own.get("registration", [None])[0]
        deposited = own.get("deposit", [None])[0]
        if registered is None or not history.start <= registered.day(history.time_zone) <= history.end:
            continue
        if registered.created_at >= until or (deposited and deposited.created_at < registered.created_at):
            continue
        is_known = deposited is not None and deposited.created_at < until
        end = deposited.created_at if deposited is not None and is_known else until
        found.append((end - registered.created_at, is_known))
    return found


@given(history=histories(), hours=st.integers(-24, 96))
def test_people_are_followed_as_plain_python_follows_them(history: History, hours: int) -> None:
    """Whatever happens, and whenever the data ends: with every deposit that was made by then, and no other."""
    until = min(event.created_at for event in history.events) + timedelta(hours=hours)
    expected = followed_by_hand(history, until)
    with TemporaryDirectory() as folder:
        SampleWarehouse(Path(folder), history.time_zone).publish(*history.events, complete_until=until)
        with pixels.open(folder) as warehouse:
            found = warehouse.time_to_convert(history.start, history.end, within="96h")
    people = [(length.total_seconds(), converted) for length, converted in expected]
    for row in found.iter_rows(named=True):
        time = row["after_seconds"]
        assert row["people"] == len(people)
        assert row["at_risk"] == sum(seconds >= time for seconds, _ in people)
        assert row["converted"] == sum(converted and seconds <= time for seconds, converted in people)
        if row["converted_share"] is not None:
            assert row["converted_share"] == pytest.approx(1 - by_hand(people, time)[0], abs=1e-12)
        else:
            assert all(seconds < time for seconds, _ in people)
