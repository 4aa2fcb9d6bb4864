"""The state of the overview, on real snapshots and without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

import pixels
from panel_app.periods import ALL, FOUR_WEEKS, TODAY, WEEK
from panel_app.source import Held, Published
from panel_app.state import OverviewState
from pixels.period import Period
from tests.sample_warehouse import SampleWarehouse, at, deposit, registration, visit

NOON = at("2026-11-22T12:00")
HISTORY = [
    visit(f"p{day}", "brandA", f"2026-{month:02d}-{day:02d}T10:00") for month in (9, 10, 11) for day in range(1, 23)
]


@pytest.fixture
def sample(pixels_home: Path) -> SampleWarehouse:
    """A home in Berlin without a snapshot."""
    return SampleWarehouse(pixels_home, time_zone="Europe/Berlin")


@pytest.fixture
def published(sample: SampleWarehouse) -> Iterator[Published]:
    """What the sessions of a server share."""
    source = Published(sample.published)
    yield source
    source.close()


@pytest.fixture
def state(published: Published) -> OverviewState:
    """A session's state whose clock stands at noon, UTC."""
    return OverviewState(published, now=lambda: NOON)


def test_before_anything_is_published_the_state_waits_without_a_problem(state: OverviewState) -> None:
    """An empty home is no error: the page shows how to send a first pixel."""
    state.follow()

    assert (state.is_waiting(), state.figures, state.problem) == (True, None, "")
    assert state.data_through() == "nothing published yet"


def test_a_snapshot_without_an_event_still_waits(sample: SampleWarehouse, state: OverviewState) -> None:
    """Published, but nothing counted; the default days are not chosen yet, since there is nothing to choose by."""
    sample.publish(complete_until=NOON)

    state.follow()

    assert (state.is_waiting(), state.choice) == (True, None)


def test_the_first_event_ends_the_wait(sample: SampleWarehouse, state: OverviewState) -> None:
    """It lies today, so all that has data is shown."""
    sample.publish(complete_until=NOON)
    state.follow()

    sample.publish(visit("p1", "brandA", "2026-11-22T11:00"), complete_until=NOON)
    state.follow()

    assert (state.is_waiting(), state.choice) == (False, ALL)
    assert state.kpis()["daily_unique_visitors"].item() == 1


def test_the_default_is_28_complete_days_of_the_warehouses_time_zone(
    sample: SampleWarehouse, state: OverviewState
) -> None:
    """At 23:30 UTC it is tomorrow in Berlin, and yesterday there is today in UTC."""
    sample.publish(*HISTORY, complete_until=at("2026-11-22T23:30"))

    state.follow()

    assert state.choice == FOUR_WEEKS
    assert state.figures.period == Period(date(2026, 10, 26), date(2026, 11, 22))


def test_the_frames_are_those_of_the_library(sample: SampleWarehouse, state: OverviewState) -> None:
    """Cards, trend, banners and funnel show what an analyst gets for the same days."""
    sample.publish(
        *HISTORY,
        registration("p4", "brandA", "2026-09-04T11:00"),
        deposit("p4", "brandA", "2026-09-04T12:00"),
        registration("p5", "brandA", "2026-11-05T11:00"),
        deposit("p5", "brandB", "2026-11-06T11:00"),
        complete_until=NOON,
    )

    state.follow()

    days = (state.figures.period.start, state.figures.period.end)
    with pixels.open(sample.home) as wh:
        assert state.kpis().equals(wh.kpis(*days))
        assert state.trend().equals(wh.metrics(*days))
        assert state.banners().equals(wh.banners(*days))
        assert state.funnel().equals(wh.funnel(*days, window="7d"))
        assert state.figures.now.registered.equals(wh.funnel(*days, window="7d", steps=["registration", "deposit"]))
        before = (state.figures.compared_with.start, state.figures.compared_with.end)
        assert state.figures.before.kpis.equals(wh.kpis(*before))


def test_a_new_snapshot_moves_the_figures_and_keeps_the_chosen_days(
    sample: SampleWarehouse, state: OverviewState
) -> None:
    """What a person chose stays chosen."""
    sample.publish(*HISTORY, complete_until=NOON)
    state.follow()
    state.choose(WEEK)
    state.follow()
    assert state.kpis()["unique_visitors"].item() == 7

    sample.publish(visit("new", "brandC", "2026-11-20T10:00"), complete_until=NOON)
    state.follow()

    assert state.kpis()["unique_visitors"].item() == 8
    assert (state.choice, state.figures.period) == (WEEK, Period(date(2026, 11, 15), date(2026, 11, 21)))


def test_a_pass_without_a_new_snapshot_moves_data_through_alone(sample: SampleWarehouse, state: OverviewState) -> None:
    """A quiet night does not look stale, and no figure is read again."""
    file = sample.publish(*HISTORY, complete_until=NOON)
    state.follow()
    shown = state.figures
    assert state.data_through() == "22 Nov 2026, 13:00 (Europe/Berlin)"

    sample.point_at(file.name, complete_until=NOON + timedelta(hours=2), as_of="2026-11-22T12:00:00.000Z")
    state.follow()

    assert state.data_through() == "22 Nov 2026, 15:00 (Europe/Berlin)"
    assert state.figures is shown


def test_when_nothing_is_new_nothing_is_set(sample: SampleWarehouse, state: OverviewState) -> None:
    """Following costs the browser nothing while nothing changes."""
    sample.publish(*HISTORY, complete_until=NOON)
    state.follow()
    changed: list[str] = []
    state.param.watch(lambda *events: changed.extend(event.name for event in events), list(state.param))

    state.follow()

    assert changed == []


def test_presets_move_on_at_local_midnight(sample: SampleWarehouse, state: OverviewState) -> None:
    """ "Today" is the day that runs where the data ends, also while no snapshot is new."""
    file = sample.publish(*HISTORY, complete_until=NOON)
    state.choose(TODAY)
    state.follow()
    assert state.figures.period == Period(date(2026, 11, 22), date(2026, 11, 22))

    sample.point_at(file.name, complete_until=at("2026-11-22T23:00"), as_of="2026-11-22T12:00:00.000Z")
    state.follow()

    assert state.figures.period == Period(date(2026, 11, 23), date(2026, 11, 23))


def test_custom_days_stay_as_they_are(sample: SampleWarehouse, state: OverviewState) -> None:
    """Days given as dates, in either order, are shown whatever the calendar says."""
    sample.publish(*HISTORY, complete_until=NOON)
    state.follow()

    state.choose_days(date(2026, 10, 9), date(2026, 10, 3))
    state.follow()

    assert (state.preset, state.figures.period) == ("Custom", Period(date(2026, 10, 3), date(2026, 10, 9)))
    assert state.figures.compared_with == Period(date(2026, 9, 26), date(2026, 10, 2))


def test_choosing_custom_keeps_the_days_that_are_shown(sample: SampleWarehouse, state: OverviewState) -> None:
    """They no longer move at midnight."""
    sample.publish(*HISTORY, complete_until=NOON)
    state.follow()

    state.choose("Custom")

    assert state.choice == state.figures.period


def test_naming_the_choice_again_does_not_undo_it(sample: SampleWarehouse, state: OverviewState) -> None:
    """A widget that shows "Custom" for days just picked, whose figures are still read, leaves them picked."""
    sample.publish(*HISTORY, complete_until=NOON)
    state.follow()
    state.choose_days(date(2026, 10, 3), date(2026, 10, 9))

    state.choose("Custom")

    assert state.choice == Period(date(2026, 10, 3), date(2026, 10, 9))


def test_days_without_an_event_have_no_events_and_no_error(sample: SampleWarehouse, state: OverviewState) -> None:
    """A period where nothing happened is shown as that."""
    sample.publish(*HISTORY, complete_until=NOON)

    state.choose_days(date(2020, 1, 1), date(2020, 1, 7))
    state.follow()

    assert (state.figures.has_events, state.problem, state.is_waiting()) == (False, "", False)
    assert state.kpis()["daily_unique_visitors"].item() == 0


def test_a_look_at_days_that_are_no_longer_chosen_is_not_shown(sample: SampleWarehouse, state: OverviewState) -> None:
    """Of two looks under way the one at the newest choice wins, in whatever order they end."""
    sample.publish(*HISTORY, complete_until=NOON)
    state.follow()
    state.choose(WEEK)
    slow = state.look()
    state.choose(TODAY)
    state.follow()

    state.show(slow)

    assert (state.choice, state.figures.period) == (TODAY, Period(date(2026, 11, 22), date(2026, 11, 22)))
    state.choose(WEEK)
    state.follow()
    assert state.figures.period == Period(date(2026, 11, 15), date(2026, 11, 21))


def test_a_pointer_that_cannot_be_read_is_a_message_and_the_figures_stay(
    sample: SampleWarehouse, state: OverviewState
) -> None:
    """A person sees what to do, not a traceback; when the pointer is whole again, the message goes."""
    file = sample.publish(*HISTORY, complete_until=NOON)
    state.follow()
    shown = state.figures

    (sample.published / "current.json").write_text("{")
    state.follow()
    assert "current.json" in state.problem
    assert state.figures is shown

    sample.point_at(file.name, complete_until=NOON)
    state.follow()
    assert state.problem == ""


def test_figures_stay_when_all_that_was_published_is_deleted(sample: SampleWarehouse, state: OverviewState) -> None:
    """The page says that it shows what is there no more."""
    sample.publish(*HISTORY, complete_until=NOON)
    state.follow()

    (sample.published / "current.json").unlink()
    state.follow()

    assert "not there any more" in state.problem
    assert state.kpis()["daily_unique_visitors"].item() > 0


def test_a_pass_long_ago_is_called_late(sample: SampleWarehouse, state: OverviewState) -> None:
    """Somebody whose cron job died is told."""
    sample.publish(*HISTORY, complete_until=NOON - timedelta(hours=5))

    state.follow()

    assert (state.last_pass, state.passes_are_late) == ("5 hours ago", True)


def test_sessions_share_one_warehouse_and_old_ones_are_closed(
    sample: SampleWarehouse, published: Published, state: OverviewState
) -> None:
    """However many sessions there are and snapshots there were, one file is open."""
    other = OverviewState(published, now=lambda: NOON)

    for day in range(10, 16):
        sample.publish(visit("p", "brandA", f"2026-11-{day}T10:00"), complete_until=NOON)
        state.follow()
        other.follow()
        assert other.figures is state.figures

    assert len(_open_snapshots(sample)) == 1


def test_a_held_warehouse_is_shown_as_it_is(sample: SampleWarehouse) -> None:
    """In a notebook the overview agrees with the `wh` beside it, also when newer snapshots come."""
    sample.publish(*HISTORY, complete_until=NOON)
    with pixels.open(sample.home) as wh:
        state = OverviewState(Held(wh), now=lambda: NOON)
        state.follow()
        sample.publish(visit("new", "brandC", "2026-11-20T10:00"), complete_until=NOON)
        state.choose(ALL)
        state.follow()

        assert state.kpis().equals(wh.kpis(state.figures.period.start, state.figures.period.end))
        assert state.standing.snapshot == 1


def test_refused_events_are_counted_by_the_local_day(sample: SampleWarehouse, state: OverviewState) -> None:
    """A refusal at 23:30 UTC belongs to the next day in Berlin."""
    sample.publish(*HISTORY, complete_until=NOON)
    _refuse(sample, "missing_player_id", [at("2026-11-20T23:30"), at("2026-11-21T22:59"), at("2026-11-21T23:00")])

    state.choose_days(date(2026, 11, 21), date(2026, 11, 21))
    state.follow()

    assert state.figures.refused.rows() == [("missing_player_id", 2)]


def test_a_refusal_that_stands_for_many_is_counted_as_so_many(sample: SampleWarehouse, state: OverviewState) -> None:
    """Beyond a rate the collector keeps only how many it refused."""
    sample.publish(*HISTORY, complete_until=NOON)
    _refuse(sample, "missing_player_id", [at("2026-11-21T10:00")])
    _refuse(sample, "unknown_path", [at("2026-11-21T10:00"), at("2026-11-21T10:01")], count=1_000_000_000)

    state.choose_days(date(2026, 11, 21), date(2026, 11, 21))
    state.follow()

    assert state.figures.refused.rows() == [("unknown_path", 2_000_000_000), ("missing_player_id", 1)]


def test_refusals_of_an_older_snapshot_are_one_each(sample: SampleWarehouse, state: OverviewState) -> None:
    """A snapshot published before refusals could stand for many is still shown."""
    sample.publish(*HISTORY, complete_until=NOON)
    _refuse(sample, "missing_player_id", [at("2026-11-21T10:00"), at("2026-11-21T10:01")])
    with duckdb.connect(str(sample.published / f"snapshot-{sample.snapshot:06d}.duckdb")) as con:
        con.execute("ALTER TABLE rejected_events DROP COLUMN count")

    state.choose_days(date(2026, 11, 21), date(2026, 11, 21))
    state.follow()

    assert state.figures.refused.rows() == [("missing_player_id", 2)]


def _refuse(sample: SampleWarehouse, reason: str, instants: list[datetime], count: int = 1) -> None:
    """Write refusals into the newest snapshot, which nobody has opened yet."""
    with duckdb.connect(str(sample.published / f"snapshot-{sample.snapshot:06d}.duckdb")) as con:
        for offset, instant in enumerate(instants):
            con.execute(
                "INSERT INTO rejected_events VALUES ('log', 0, ?, ?, '', ''::BLOB, ?, ?)",
                [offset, reason, instant.astimezone(UTC), count],
            )


def _open_snapshots(sample: SampleWarehouse) -> list[str]:
    """The snapshot files of this home that this process has open; those of other tests are none of them."""
    files = [link.readlink() for link in Path("/proc/self/fd").iterdir() if link.exists()]
    return [file.name for file in files if file.parent == sample.published.resolve()]
