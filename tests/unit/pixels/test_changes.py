"""What late events revised since an older snapshot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pixels
from pixels import Warehouse
from pixels.errors import BadParameter, NoSnapshot
from tests.sample_warehouse import SampleWarehouse, at, counted, deposit, visit
from tests.unit.pixels.sample_events import History, histories

FIRST, SECOND = date(2026, 11, 1), date(2026, 11, 2)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot of the second day at noon, and a later one: an earlier visit of the first day came late."""
    sample = SampleWarehouse(tmp_path_factory.mktemp("home"))
    first_snapshot = [visit("p1", "late", "2026-11-01T10:00"), visit("p2", "late", "2026-11-02T10:00")]
    sample.publish(*first_snapshot, complete_until=at("2026-11-02T12:00"))
    sample.publish(
        visit("p1", "early", "2026-11-01T09:00"),
        deposit("p3", "early", "2026-11-01T23:00"),
        visit("p4", "late", "2026-11-02T13:00"),
    )
    return sample.home


@pytest.fixture(scope="module")
def wh(home: Path) -> Iterator[Warehouse]:
    """The newer of the two snapshots."""
    with pixels.open(home) as warehouse:
        yield warehouse


def test_every_count_that_differs_is_told_with_both_of_its_values(wh: Warehouse) -> None:
    """The credit moved to the earlier visit's banner, a deposit came late, and the running day went on."""
    changes = wh.changes(1)
    assert changes.columns == ["event_date", "event_type", "banner_tag", "before", "after", "change", "revised"]
    assert changes.rows() == [
        (FIRST, "deposit", "early", 0, 1, 1, True),
        (FIRST, "visit", "early", 0, 1, 1, True),
        (FIRST, "visit", "late", 1, 0, -1, True),
        (SECOND, "visit", "late", 1, 2, 1, False),
    ]


def test_days_can_be_chosen(wh: Warehouse) -> None:
    """Both ends included; without one there is no end there."""
    assert wh.changes(1, start="2026-11-02")["event_date"].to_list() == [SECOND]
    assert wh.changes(1, end="2026-11-01").height == 3
    assert wh.changes(1, "2026-11-03", "2026-11-04").is_empty()


def test_since_itself_nothing_changed(wh: Warehouse) -> None:
    """An empty frame with the same columns and types."""
    assert wh.changes(2).is_empty()
    assert wh.changes(2).schema == wh.changes(1).schema
    assert wh.changes(1).schema["change"] == pl.Int64()


def test_the_older_warehouse_itself_can_be_handed_over(home: Path, wh: Warehouse) -> None:
    """For snapshots that lie elsewhere; it stays open."""
    file = home / "published" / "snapshot-000002.duckdb"
    with pixels.open(home, snapshot=1) as older, pixels.open(file) as alone:
        assert alone.changes(older).equals(wh.changes(1))
        assert older.metrics(FIRST, FIRST).height == 1
        with pytest.raises(BadParameter, match="since_snapshot: older snapshots do not lie beside"):
            alone.changes(1)


def test_a_snapshot_that_is_not_kept_is_named_with_those_that_are(wh: Warehouse) -> None:
    """The message says from which one can be chosen."""
    with pytest.raises(NoSnapshot, match=r"snapshot 7 is not kept .*kept are: 1, 2"):
        wh.changes(7)


@pytest.mark.parametrize("since", ["1", None, True, 1.0])
def test_what_is_no_snapshot_is_refused(wh: Warehouse, since: object) -> None:
    """A snapshot has a number."""
    with pytest.raises(BadParameter, match="since_snapshot: "):
        wh.changes(since)  # type: ignore[arg-type]


def test_the_older_one_is_the_older_one(home: Path, wh: Warehouse) -> None:
    """The other way round every change would have the wrong sign."""
    with pixels.open(home, snapshot=1) as older, pytest.raises(BadParameter, match="2 is newer than this one, 1"):
        older.changes(wh)


def test_days_of_another_time_zone_are_not_compared(tmp_path: Path, wh: Warehouse) -> None:
    """After a rebuild in another zone every day is another day."""
    SampleWarehouse(tmp_path, "Europe/Berlin").publish(visit("p", "a", "2026-11-01T10:00"))
    with pixels.open(tmp_path) as older, pytest.raises(BadParameter, match="Europe/Berlin, here of UTC"):
        wh.changes(older)


def test_a_snapshot_of_another_warehouse_is_refused(tmp_path: Path, wh: Warehouse) -> None:
    """The differences between two sites would read as what late events revised."""
    other = SampleWarehouse(tmp_path, uuid="11111111-1111-1111-1111-111111111111")
    other.publish(visit("p", "a", "2026-11-01T10:00"))

    with pixels.open(tmp_path) as older, pytest.raises(BadParameter, match="of another warehouse"):
        wh.changes(older)


@given(history=histories(), known=st.integers(0, 14))
def test_changes_are_the_differences_of_the_counts(history: History, known: int) -> None:
    """Whichever events were known before: the counts by the plainest reading, subtracted; what is missing is 0."""
    first, zone = history.events[:known], history.time_zone
    until = max((event.created_at for event in first), default=at("2000-01-01")) + timedelta(hours=1)
    with TemporaryDirectory() as folder:
        sample = SampleWarehouse(Path(folder), zone)
        sample.publish(*first, complete_until=until)
        sample.publish(*history.events[known:])
        with pixels.open(folder) as warehouse:
            found = warehouse.changes(1)
    before, after = (
        Counter((e.day(zone), e.event_type, e.banner_tag) for e in counted(events, zone))
        for events in (first, history.events)
    )
    assert {row[:3]: row[3:5] for row in found.iter_rows()} == {
        key: (before[key], after[key]) for key in before.keys() | after.keys() if before[key] != after[key]
    }
    assert found["change"].sum() == after.total() - before.total()
    running = visit("p", "a", until.isoformat()).day(zone)
    assert found["revised"].to_list() == [day < running for day in found["event_date"]]
