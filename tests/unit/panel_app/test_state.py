"""What a session shows, without a browser."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from panel_app.blocks.trend import trend_frame
from panel_app.figures import Figures
from panel_app.measures import VISITORS
from panel_app.page import Page
from panel_app.pages import PAGES
from panel_app.source import Held, Published
from panel_app.state import DashboardState
from pixels import open as open_warehouse
from pixels.period import Period
from tests.sample_warehouse import SampleWarehouse, at, visit

NOON = at("2026-11-22T12:00")
HISTORY = [
    visit(f"p{day}", "brandA", f"2026-{month:02d}-{day:02d}T10:00") for month in (9, 10, 11) for day in range(1, 23)
]


@pytest.fixture
def sample(tmp_path: Path) -> SampleWarehouse:
    """A home in Berlin without a snapshot."""
    return SampleWarehouse(tmp_path, time_zone="Europe/Berlin")


@pytest.fixture
def state(sample: SampleWarehouse) -> DashboardState:
    """Of that home, a minute after noon."""
    return DashboardState(Published(sample.published), PAGES, now=lambda: NOON + timedelta(minutes=1))


def test_nothing_is_shown_while_nothing_is_published(state: DashboardState) -> None:
    """And nothing is wrong."""
    state.follow()

    assert (state.answer, state.problem, state.is_waiting, state.is_loading) == (None, "", True, False)


def test_the_default_is_28_complete_days_of_the_warehouses_time_zone(
    sample: SampleWarehouse, state: DashboardState
) -> None:
    """At half past eleven in London it is tomorrow in Berlin."""
    sample.publish(*HISTORY, complete_until=at("2026-11-22T23:30"))

    state.follow()

    assert state.situation.period == Period(date(2026, 10, 26), date(2026, 11, 22))
    assert state.situation.fair_days(["visit"]) == Period(date(2026, 9, 28), date(2026, 10, 25))


def test_activity_is_shown_before_conversions_are_counted(sample: SampleWarehouse, state: DashboardState) -> None:
    """The first look has the sums by day, the next conversions, the last one what stood out; none is whole before that."""
    sample.publish(*HISTORY, complete_until=NOON)

    looks = list(state.looks())

    answers = [look.answer for look in looks]
    assert all(isinstance(answer, Figures) for answer in answers)
    assert [answer.now.entries is None for answer in answers] == [True, False, False, False]  # type: ignore[attr-defined]
    assert [answer.stood_out is None for answer in answers] == [True, True, False, False]  # type: ignore[attr-defined]
    assert [look.is_whole for look in looks] == [False, False, False, True]


def test_days_that_stood_out_are_marked_in_the_trend(sample: SampleWarehouse, state: DashboardState) -> None:
    """Of all banners, or of the one that is shown; of several nobody looked."""
    burst = [visit(f"burst{person}", "burst", "2026-11-14T10:00") for person in range(60)]
    usual = [
        visit(f"u{day}-{person}", "usual", f"2026-{day}T10:00") for day in _days_of_autumn() for person in range(9)
    ]
    sample.publish(*burst, *usual, complete_until=NOON)

    def marked(href: str) -> list[date]:
        state.go(href)
        state.follow()
        frame = trend_frame(VISITORS, state.answer, state.situation)
        return frame.filter("stands_out")["event_date"].to_list()

    assert marked("./") == [date(2026, 11, 14)]
    assert marked("./?is.banner_tag=usual") == []
    assert marked("./?is.banner_tag=usual&is.banner_tag=burst") == []


def _days_of_autumn() -> list[str]:
    return [f"{month:02}-{day:02}" for month, days in ((9, 30), (10, 31), (11, 21)) for day in range(1, days + 1)]


def test_a_look_at_another_address_is_not_shown(sample: SampleWarehouse, state: DashboardState) -> None:
    """Somebody chose other days meanwhile, and that look is under way."""
    sample.publish(*HISTORY, complete_until=NOON)
    old = list(state.looks())
    state.go("./?days=7d")

    for look in old:
        state.show(look)
    assert state.answer is None

    state.follow()
    assert state.situation.period == Period(date(2026, 11, 15), date(2026, 11, 21))


def test_a_new_snapshot_is_noticed_and_an_empty_pass_renews_the_running_day(
    sample: SampleWarehouse, state: DashboardState
) -> None:
    """What is shown holds until something newer is published."""
    sample.publish(*HISTORY, complete_until=NOON)
    state.follow()
    assert state.is_fresh()
    assert state.strip.today["count"].sum() == 1

    sample.publish(visit("new", "brandC", "2026-11-22T09:00"), complete_until=NOON)
    assert not state.is_fresh()
    state.follow()
    assert state.strip.today["count"].sum() == 2

    sample.publish_again(complete_until=NOON + timedelta(hours=1))
    assert not state.is_fresh()
    state.follow()
    assert state.strip.today["until"][0] == NOON + timedelta(hours=1)


def test_a_look_that_a_newer_snapshot_overtakes_begins_again_with_it(
    sample: SampleWarehouse, state: DashboardState
) -> None:
    """Another session opened it between the first part and the last; nobody reads of an error."""
    sample.publish(*HISTORY, complete_until=NOON)
    looks = state.looks()
    first = next(looks)
    sample.publish(visit("new", "brandC", "2026-11-22T09:00"), complete_until=NOON)
    state.source.answers()

    last = list(looks)[-1]

    assert (first.situation.snapshot, last.situation.snapshot) == (1, 2)  # type: ignore[union-attr]
    assert (last.problem, last.is_whole) == ("", True)


def test_what_cannot_be_read_is_said_in_words(sample: SampleWarehouse, state: DashboardState) -> None:
    """A damaged pointer is told; the figures that are there stay."""
    sample.publish(*HISTORY, complete_until=NOON)
    state.follow()
    shown = state.answer
    (sample.published / "current.json").write_text("{")

    state.follow()

    assert "current.json cannot be read" in state.problem
    assert state.answer is shown
    (sample.published / "current.json").unlink()
    state.follow()
    assert state.problem.startswith("What was published is not there any more")


def test_what_nobody_expected_is_no_traceback_on_the_page(
    sample: SampleWarehouse, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has it."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    page = Page("", "Broken", broken, lambda go, moves: None)  # type: ignore[arg-type, return-value]
    state = DashboardState(Published(sample.published), [page], now=lambda: NOON)
    sample.publish(*HISTORY, complete_until=NOON)

    with caplog.at_level(logging.ERROR):
        state.follow()

    assert state.problem.startswith("The figures could not be read; the log of the dashboard says why")
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("href", ["./nowhere", "./../etc/passwd", "./players/1"])
def test_a_page_that_is_not_there_is_told(sample: SampleWarehouse, state: DashboardState, href: str) -> None:
    """And the page that is shown stays."""
    state.go(href)

    assert "There is no page" in state.misread[0]
    assert state.address.page == ""


def test_a_warehouse_that_somebody_holds_is_shown_as_it_is(sample: SampleWarehouse) -> None:
    """Newer snapshots do not change it."""
    sample.publish(*HISTORY, complete_until=NOON)
    with open_warehouse(sample.home) as wh:
        state = DashboardState(Held(wh), PAGES, now=lambda: datetime.now(UTC))
        state.follow()
        sample.publish(visit("new", "brandC", "2026-11-22T09:00"), complete_until=NOON)
        state.follow()

        assert state.situation.snapshot == 1


@pytest.mark.parametrize("page", [page.slug for page in PAGES])
def test_every_page_answers_also_an_empty_warehouse(sample: SampleWarehouse, page: str) -> None:
    """No problem, no traceback, with and without data."""
    sample.publish(complete_until=NOON)
    state = DashboardState(Published(sample.published), PAGES, now=lambda: NOON)
    for _ in range(2):
        state.go(f"./{page}")
        state.follow()
        assert state.problem == ""
        assert state.answer is not None
        sample.publish(*HISTORY, complete_until=NOON)
