"""Today so far: the running day, beside whole ones and never among them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from panel_app.blocks.today import today_so_far
from panel_app.periods import FOUR_WEEKS
from panel_app.source import Published
from panel_app.state import OverviewState
from tests.sample_warehouse import SampleWarehouse, at, deposit, visit

LATE = at("2026-11-22T22:30")
HISTORY = [visit(f"p{day}", "a", f"2026-11-{day:02d}T10:00") for day in range(1, 22)]


@pytest.fixture
def sample(pixels_home: Path) -> SampleWarehouse:
    """A home in Berlin, one hour ahead of UTC in November."""
    return SampleWarehouse(pixels_home, time_zone="Europe/Berlin")


@pytest.fixture
def state(sample: SampleWarehouse) -> Iterator[OverviewState]:
    """A session that has chosen the last four weeks."""
    source = Published(sample.published)
    yield OverviewState(source, now=lambda: LATE, choice=FOUR_WEEKS)
    source.close()


def test_today_moves_with_every_snapshot_while_whole_days_are_shown(
    sample: SampleWarehouse, state: OverviewState
) -> None:
    """The chosen days end yesterday; the running day counts beside them."""
    sample.publish(*HISTORY, visit("p1", "a", "2026-11-22T20:00"), complete_until=LATE)
    state.follow()
    assert '<b class="today-visit">1</b>' in today_so_far(state.figures)
    assert '<b class="today-deposit">0</b>' in today_so_far(state.figures)

    more = [visit("p2", "a", "2026-11-22T20:10"), deposit("p2", "a", "2026-11-22T20:20")]
    sample.publish(*HISTORY, visit("p1", "a", "2026-11-22T20:00"), *more, complete_until=LATE)
    state.follow()

    assert '<b class="today-visit">2</b>' in today_so_far(state.figures)
    assert '<b class="today-deposit">1</b>' in today_so_far(state.figures)
    assert state.kpis()["daily_unique_visitors"].item() == len(HISTORY)


def test_today_is_the_day_of_the_warehouses_time_zone(sample: SampleWarehouse, state: OverviewState) -> None:
    """At 23:30 UTC it is tomorrow in Berlin, and that day has one visit."""
    sample.publish(*HISTORY, visit("p1", "a", "2026-11-22T23:10"), complete_until=at("2026-11-22T23:30"))
    state.follow()

    assert '<b class="today-visit">1</b>' in today_so_far(state.figures)
