"""Where people stand: visitor, registered, depositor, lapsed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import pixels
from pixels import Warehouse
from pixels.errors import BadParameter
from pixels.segments import SEGMENTS
from tests.sample_warehouse import Event, SampleWarehouse, at, deposit, registration, visit
from tests.unit.pixels.funnel_oracle import people
from tests.unit.pixels.sample_events import History, histories


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A visitor who became a player, a stranger, one who registered, two who deposited, seen on 30 November."""
    sample = SampleWarehouse(tmp_path_factory.mktemp("home"))
    sample.publish(
        visit("v-1", "a", "2026-10-01T10:00"),
        registration("p1", "a", "2026-10-01T11:00", s="v-1"),
        deposit("p1", "a", "2026-11-01T00:00"),
        visit("stranger", "a", "2026-10-02T10:00"),
        registration("p2", "a", "2026-10-03T10:00"),
        deposit("p3", "a", "2026-10-31T23:59:59.999"),
        visit("p3", "a", "2026-11-30T10:00"),
        complete_until=at("2026-11-30T12:00"),
    )
    with pixels.open(sample.home) as warehouse:
        yield warehouse


def test_everybody_is_in_one_segment(wh: Warehouse) -> None:
    """On the thirtieth day after it a deposit has lapsed, whoever still visits; linked keys are no people of their own."""
    assert wh.segments().rows() == [
        ("visitor", 1, 4, 0.25),
        ("registered", 1, 4, 0.25),
        ("depositor", 1, 4, 0.25),
        ("lapsed", 1, 4, 0.25),
    ]


def test_a_past_day_has_the_segments_of_then(wh: Warehouse) -> None:
    """Nothing that came later moves them."""
    assert wh.segments(on="2026-10-31")["people"].to_list() == [1, 2, 1, 0]
    assert wh.segments(on="2026-09-30").select("people", "share").rows() == [(0, None)] * 4


def test_the_people_of_a_segment_can_be_listed(wh: Warehouse) -> None:
    """With what is known of them, and the keys they visited under."""
    assert wh.segment_players("depositor").rows() == [
        ("p1", at("2026-10-01T10:00"), at("2026-11-01"), at("2026-10-01T11:00"), at("2026-11-01"), date(2026, 11, 1), ["v-1"])
    ]  # fmt: skip
    assert wh.segment_players("lapsed", lapsed_after=31)["player_id"].to_list() == []


def test_a_limit_keeps_whoever_was_seen_last(tmp_path: Path) -> None:
    """In the order of the whole list; of those seen at the same instant, by id."""
    sample = SampleWarehouse(tmp_path)
    sample.publish(*(visit(f"v-{n}", "a", f"2026-10-01T10:0{n % 3}") for n in range(7)))
    with pixels.open(sample.home) as warehouse:
        everybody = warehouse.segment_players("visitor")
        assert everybody["player_id"].to_list() == ["v-2", "v-5", "v-1", "v-4", "v-0", "v-3", "v-6"]
        assert warehouse.segment_players("visitor", limit=3).equals(everybody.head(3))
        assert warehouse.segment_players("visitor", limit=8).equals(everybody)
        for wrong in (-1, 1.5, True, "3"):
            with pytest.raises(BadParameter, match="limit"):
                warehouse.segment_players("visitor", limit=wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("segment", "on", "lapsed_after", "named"),
    [("players", None, 30, "segment"), (None, None, 30, "segment"), ("lapsed", "yesterday", 30, "on"),
     ("lapsed", "2026-12-01", 30, "on"), ("lapsed", None, 0, "lapsed_after"), ("lapsed", None, "30d", "lapsed_after"),
     ("lapsed", None, True, "lapsed_after"), ("lapsed", None, 10**9, "lapsed_after")],
)  # fmt: skip
def test_a_wrong_question_names_the_parameter(
    wh: Warehouse, segment: Any, on: Any, lapsed_after: Any, named: str
) -> None:
    """Also a day that is not counted yet."""
    with pytest.raises(BadParameter) as refused:
        wh.segment_players(segment, on, lapsed_after)
    assert refused.value.parameter == named


def by_brute_force(history: History, on: date, lapsed_after: int) -> dict[str, set[str]]:
    """Each segment's people."""
    found: dict[str, set[str]] = {segment: set() for segment in SEGMENTS}
    for person, events in people(history.events, history.time_zone).items():
        until = [event for event in events if event.day(history.time_zone) <= on]
        days = [event.day(history.time_zone) for event in until if event.event_type == "deposit"]
        if days:
            found["lapsed" if on - max(days) >= timedelta(days=lapsed_after) else "depositor"].add(person)
        elif until:
            registered = any(event.event_type == "registration" for event in until)
            found["registered" if registered else "visitor"].add(person)
    return found


def last_instant(events: list[Event]) -> datetime:
    """When the newest event happened."""
    return max(event.created_at for event in events)


@settings(max_examples=60, phases=[Phase.explicit, Phase.generate])
@given(history=histories(), lapsed_after=st.integers(1, 3))
def test_segments_are_those_of_the_events(history: History, lapsed_after: int) -> None:
    """Ties, linked and unlinked keys, days around changes of the clock; as many people listed as counted."""
    with TemporaryDirectory() as folder:
        SampleWarehouse(Path(folder), history.time_zone).publish(
            *history.events, complete_until=last_instant(history.events) + timedelta(days=5)
        )
        with pixels.open(folder) as warehouse:
            counts = dict(warehouse.segments(history.end, lapsed_after).select("segment", "people").iter_rows())
            listed = {s: warehouse.segment_players(s, history.end, lapsed_after)["player_id"] for s in SEGMENTS}
    expected = by_brute_force(history, history.end, lapsed_after)
    assert counts == {segment: len(people) for segment, people in expected.items()}
    assert {segment: Counter(ids) for segment, ids in listed.items()} == {
        segment: Counter(people) for segment, people in expected.items()
    }
