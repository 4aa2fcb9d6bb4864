"""Pinned snapshots: the same report gives the same figures again."""

from __future__ import annotations

from pathlib import Path

import pytest

import pixels
from pixels.config import Settings, load_settings
from pixels.errors import NoSnapshot
from pixels.reports.pinned import KEPT, pin_newest
from tests.sample_warehouse import SampleWarehouse, at, visit


@pytest.fixture
def settings(pixels_home: Path) -> Settings:
    return load_settings(home=pixels_home)


def test_a_pinned_snapshot_outlives_the_published_one(settings: Settings) -> None:
    """Newer snapshots replace it, and it still opens, with what was known when it was pinned."""
    sample = SampleWarehouse(settings.home, time_zone="Europe/Berlin")
    file = sample.publish(visit("p1", "a", "2026-11-01T10:00"), complete_until=at("2026-11-02T00:00"))
    pinned = pin_newest(settings)
    sample.publish(visit("p2", "a", "2026-11-01T11:00"), complete_until=at("2026-11-03T00:00"))
    file.unlink()

    with pixels.open(pinned) as wh:
        assert wh.metrics("2026-11-01", "2026-11-01")["count"].to_list() == [1]
        assert (wh.snapshot, wh.complete_until, wh.time_zone) == (1, at("2026-11-02T00:00"), "Europe/Berlin")


def test_a_pin_takes_no_space_while_the_snapshot_is_published(settings: Settings) -> None:
    """It is a second name of the same file."""
    file = SampleWarehouse(settings.home).publish(visit("p1", "a", "2026-11-01T10:00"))

    assert (pin_newest(settings) / file.name).samefile(file)


def test_pinning_the_same_snapshot_again_is_the_same_pin(settings: Settings) -> None:
    """Reports of one moment share it."""
    SampleWarehouse(settings.home).publish(visit("p1", "a", "2026-11-01T10:00"))

    assert pin_newest(settings) == pin_newest(settings)


def test_the_oldest_pins_go(settings: Settings) -> None:
    """A report a day does not fill the disk with a year of snapshots."""
    sample = SampleWarehouse(settings.home)
    sample.publish(visit("p1", "a", "2026-11-01T10:00"))
    pins = []
    for minute in range(KEPT + 2):
        sample.publish_again(complete_until=at(f"2026-11-02T00:{minute:02d}"))
        pins.append(pin_newest(settings))

    assert sorted(pins[0].parent.iterdir()) == pins[2:]


def test_without_a_published_snapshot_there_is_nothing_to_pin(settings: Settings) -> None:
    """The error says what to do, and no empty pin stays behind."""
    with pytest.raises(NoSnapshot, match="run `pixels aggregate`"):
        pin_newest(settings)

    assert not settings.reports_dir.exists()


def test_a_pointer_to_a_file_that_is_gone_is_explained(settings: Settings) -> None:
    """It is looked for again a few times, as it may just have been replaced."""
    SampleWarehouse(settings.home).publish(visit("p1", "a", "2026-11-01T10:00")).unlink()

    with pytest.raises(NoSnapshot, match="names a snapshot that is not there"):
        pin_newest(settings)

    assert list((settings.reports_dir / "snapshots").iterdir()) == []
