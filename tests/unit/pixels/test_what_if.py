"""What would count by another rule, beside what counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pixels
from pixels import Warehouse
from pixels.errors import BadParameter, NoSnapshot
from pixels.period import Period
from pixels.what_if import RULES, what_if
from tests.sample_warehouse import Event, SampleWarehouse, deposit, registration, visit
from tests.unit.pixels.sample_events import History, histories

DAY, NEXT_DAY = date(2026, 11, 1), date(2026, 11, 2)
HOSTILE = "' OR true --<img src=x>"
OCTOBER = "2026-10-20T10:00"


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """p1 comes three times on a day, by two banners, and again on the next; p2 came in October already."""
    sample = SampleWarehouse(tmp_path_factory.mktemp("home"), banners={"brandA": ("Anna", None, None, None)})
    sample.publish(
        visit("p1", "brandA", "2026-11-01T10:00"),
        visit("p1", "brandA", "2026-11-01T11:00"),
        visit("p1", HOSTILE, "2026-11-01T12:00"),
        visit("p1", HOSTILE, "2026-11-02T09:00"),
        visit("p2", "brandA", OCTOBER),
        visit("p2", "brandA", "2026-11-02T10:00"),
        registration("p2", HOSTILE, "2026-11-02T11:00"),
        deposit("p2", HOSTILE, "2026-11-02T12:00"),
        deposit("p2", HOSTILE, "2026-11-02T13:00"),
    )
    with pixels.open(sample.home) as warehouse:
        yield warehouse


def asked(wh: Warehouse, rule: str, **question: Any) -> dict[tuple[Any, ...], tuple[int, int]]:
    """What counts and what would, by all other columns."""
    rows = wh.what_if(rule, DAY, NEXT_DAY, **question).rows()
    assert all(row[-1] == row[-2] - row[-3] for row in rows)
    return {row[:-3]: row[-3:-1] for row in rows}


def test_as_it_is_is_what_counts(wh: Warehouse) -> None:
    """Once a day, type and player, for the banner that came first."""
    assert wh.what_if("per_day", DAY, NEXT_DAY).rows() == [
        ("deposit", HOSTILE, 1, 1, 0),
        ("registration", HOSTILE, 1, 1, 0),
        ("visit", HOSTILE, 1, 1, 0),
        ("visit", "brandA", 2, 2, 0),
    ]


def test_every_event_counts(wh: Warehouse) -> None:
    """However often a player comes."""
    assert asked(wh, "per_event") == {
        ("deposit", HOSTILE): (1, 2),
        ("registration", HOSTILE): (1, 1),
        ("visit", HOSTILE): (1, 2),
        ("visit", "brandA"): (2, 3),
    }


def test_every_banner_counts_that_a_player_came_by(wh: Warehouse) -> None:
    """Once a day each; so the banners of a day can sum to more than its players."""
    assert asked(wh, "per_day_and_banner", per="day")[DAY, "visit", HOSTILE] == (0, 1)
    assert asked(wh, "per_day_and_banner")["visit", "brandA"] == (2, 2)


def test_only_the_first_counts_that_a_player_ever_made(wh: Warehouse) -> None:
    """On a day before these too: p2 had come in October."""
    assert asked(wh, "first_ever", per="day") == {
        (DAY, "visit", "brandA"): (1, 1),
        (NEXT_DAY, "deposit", HOSTILE): (1, 1),
        (NEXT_DAY, "registration", HOSTILE): (1, 1),
        (NEXT_DAY, "visit", HOSTILE): (1, 0),
        (NEXT_DAY, "visit", "brandA"): (1, 0),
    }


def test_of_two_events_of_an_instant_the_smaller_id_is_the_earlier_one(tmp_path: Path) -> None:
    """By every rule that has to choose, as in the counts."""
    both = [replace(visit("p", tag, "2026-11-01T10:00"), id=name) for tag, name in (("brandA", "e2"), ("brandB", "e1"))]
    SampleWarehouse(tmp_path).publish(*both)
    with pixels.open(tmp_path) as tied:
        for rule in ("per_day", "first_ever"):
            assert tied.what_if(rule, DAY, DAY).rows() == [("visit", "brandB", 1, 1, 0)]


def test_banners_are_chosen_by_name_and_change_no_decision(wh: Warehouse) -> None:
    """The visit by the hostile banner of the 1st does not count because of another banner's, asked for or not."""
    assert asked(wh, "per_day", banner=HOSTILE, per="day").get((DAY, "visit", HOSTILE)) is None
    assert asked(wh, "per_event", banner=[HOSTILE])["visit", HOSTILE] == (1, 2)
    assert asked(wh, "per_event", banner=[]) == {}


def test_banners_are_summed_by_a_dimension(wh: Warehouse) -> None:
    """Banners of which nothing was said have a row of their own, the last."""
    found = wh.what_if("per_event", DAY, NEXT_DAY, by="affiliate").filter(pl.col("event_type") == "visit")
    assert found.rows() == [("visit", "Anna", 2, 3, 1), ("visit", None, 1, 2, 1)]


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("rule", "per_week"), ("rule", None), ("rule", ["per_day"]), ("by", "metadata.s"), ("by", "event_date"), ("per", "week"),
     ("per", ""), ("banner", 1), ("start", "today"), ("end", "2026-10-31")],
)  # fmt: skip
def test_a_wrong_parameter_is_named(wh: Warehouse, parameter: str, value: object) -> None:
    """No wrong question is answered with zero."""
    question: dict[str, object] = {"rule": "per_event", "start": DAY, "end": NEXT_DAY, parameter: value}
    with pytest.raises(BadParameter) as raised:
        wh.what_if(**question)  # type: ignore[arg-type]
    assert raised.value.parameter == parameter


@pytest.mark.parametrize("rule", RULES)
def test_an_empty_warehouse_has_the_same_columns(tmp_path: Path, wh: Warehouse, rule: str) -> None:
    """From one end of the calendar to the other."""
    SampleWarehouse(tmp_path).publish()
    with pixels.open(tmp_path) as empty:
        for per in (None, "day"):
            nothing = empty.what_if(rule, "0001-01-01", "9999-12-31", per=per)
            assert nothing.is_empty()
            assert nothing.schema == wh.what_if(rule, DAY, DAY, per=per).schema


def test_an_older_snapshot_says_what_to_do(tmp_path: Path) -> None:
    """Before every record was kept, repeats were not there to be told from events."""
    SampleWarehouse(tmp_path).publish_again(schema_version=2)
    with pixels.open(tmp_path) as older, pytest.raises(NoSnapshot, match="run `pixels aggregate`"):
        older.what_if("per_event", DAY, DAY)


@pytest.mark.parametrize(
    ("damage", "shown"),
    [
        ("UPDATE event_summary SET count = 7", (7, 1, -6)),
        ("DELETE FROM event_summary", (0, 1, 1)),
        ("DELETE FROM events", (1, 0, -1)),
        ("DELETE FROM daily_accounting", (1, 1, 0)),
    ],
)
def test_the_rule_as_it_is_shows_a_figure_that_is_wrong(
    tmp_path: Path, damage: str, shown: tuple[int, int, int]
) -> None:
    """A figure that is changed, one that is missing, one without its record; and no other table decides the second figure."""
    sample = SampleWarehouse(tmp_path)
    file = sample.publish(visit("p1", "brandA", "2026-11-01T10:00"), visit("p1", "brandA", "2026-11-01T11:00"))
    with duckdb.connect(str(file)) as con:
        con.execute(damage)
    with pixels.open(tmp_path) as damaged:
        assert damaged.what_if("per_day", DAY, DAY).rows() == [("visit", "brandA", *shown)]


KEYS = {
    "per_day": lambda e, zone: (e.day(zone), e.event_type, e.player_id),
    "per_event": lambda e, zone: e.id,
    "per_day_and_banner": lambda e, zone: (e.day(zone), e.event_type, e.player_id, e.banner_tag),
    "first_ever": lambda e, zone: (e.event_type, e.player_id),
}


def by_brute_force(rule: str, events: Sequence[Event], zone: str) -> Counter[tuple[date, str, str]]:
    """What counts by a rule, on any day."""
    first: dict[object, Event] = {}
    for e in sorted(events, key=lambda e: e.order):
        first.setdefault(KEYS[rule](e, zone), e)  # type: ignore[no-untyped-call]
    return Counter((e.day(zone), e.event_type, e.banner_tag) for e in first.values())


@given(history=histories(), rule=st.sampled_from(sorted(RULES)), at_once=st.sampled_from([1, 3, 100]))
def test_every_rule_counts_what_plain_python_counts(history: History, rule: str, at_once: int) -> None:
    """Whatever happens, where clocks go back over midnight too, and however the days are cut into pieces."""
    expected = by_brute_force(rule, history.events, history.time_zone)
    with TemporaryDirectory() as folder:
        SampleWarehouse(Path(folder), history.time_zone).publish(*history.events)
        with pixels.open(folder) as warehouse:
            period = Period(history.start, history.end)
            found = what_if(warehouse._dimensions, rule, period, per="day", at_once=at_once)
            in_all = warehouse.what_if(rule, history.start, history.end)
            stored = warehouse.summary(history.start, history.end)
    of_range = {key: number for key, number in expected.items() if history.start <= key[0] <= history.end}
    counted, asked_for = ({row[:3]: row[place] for row in found.iter_rows() if row[place]} for place in (3, 4))
    assert asked_for == of_range
    assert counted == {row[:3]: row[3] for row in stored.iter_rows()}
    assert in_all["what_if"].sum() == sum(of_range.values())
    assert all({"per_day": d == 0, "first_ever": d <= 0}.get(rule, d >= 0) for d in found["difference"])
