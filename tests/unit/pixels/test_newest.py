"""The newest events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pixels
from pixels import Warehouse
from pixels.errors import BadParameter
from tests.sample_warehouse import SampleWarehouse, at, counted, visit
from tests.unit.pixels.sample_events import History, histories


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Two visits of one player on a day, and one of another in Apia, where it is the next day."""
    sample = SampleWarehouse(tmp_path_factory.mktemp("home"), "Pacific/Apia")
    sample.publish(
        visit("p", "a", "2026-11-20T11:10"), visit("p", "b", "2026-11-20T11:30"), visit("q", "a", "2026-11-20T12:00")
    )
    with pixels.open(sample.home) as warehouse:
        yield warehouse


def test_the_newest_come_first_and_say_whether_they_count(wh: Warehouse) -> None:
    """The second visit of a player on a day does not."""
    found = wh.newest_events(3)

    assert found.columns == ["created_at", "event_type", "player_id", "banner_tag", "id", "counted"]
    assert found.select("player_id", "banner_tag", "counted").rows() == [
        ("q", "a", True),
        ("p", "b", False),
        ("p", "a", True),
    ]
    assert found["created_at"][0] == at("2026-11-20T12:00")
    assert wh.newest_events(1).height == 1


@pytest.mark.parametrize("number", [0, -1, 1_001, "5", None, True, 2.0])
def test_a_number_of_events_is_needed(wh: Warehouse, number: object) -> None:
    """From 1 to 1,000."""
    with pytest.raises(BadParameter, match="number of events from 1 to 1,000"):
        wh.newest_events(number)  # type: ignore[arg-type]


@given(history=histories(), number=st.integers(1, 20))
def test_they_are_the_newest_of_all_and_count_as_the_rules_say(history: History, number: int) -> None:
    """By sorting them in Python."""
    with TemporaryDirectory() as folder:
        SampleWarehouse(Path(folder), history.time_zone).publish(
            *history.events, complete_until=max(e.created_at for e in history.events) + timedelta(days=1)
        )
        with pixels.open(folder) as warehouse:
            found = warehouse.newest_events(number)

    expected = sorted(history.events, key=lambda event: (event.created_at, event.id), reverse=True)[:number]
    counts = {event.id for event in counted(history.events, history.time_zone)}
    assert found.select("id", "counted").rows() == [(event.id, event.id in counts) for event in expected]
    assert found.schema["created_at"] == pl.Datetime("ms", "UTC")
