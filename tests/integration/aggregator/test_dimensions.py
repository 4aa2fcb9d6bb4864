"""Metadata of events is a dimension wherever the events lie."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import pixels
from aggregator.run import run_pass
from pixels.archive import NoArchive
from pixels.config import load_settings
from tests.local_log import append
from tests.sample_records import event

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
OLD, NEW = "2026-10-01", "2026-11-19"
LAST_ARCHIVED, FIRST_HELD = "2026-11-14", "2026-11-15"


@pytest.fixture
def home(pixels_home: Path) -> Path:
    """Events of an archived day and of one that is not; one came twice, and a late one after its day was archived."""
    settings = load_settings(home=pixels_home, retention_days=5)
    for records in (
        [
            event(1, player_id="p1", metadata={"c": "DE"}, created_at=f"{OLD}T10:00:00Z"),
            event(1, player_id="p1", metadata={"c": "later"}, created_at=f"{OLD}T10:00:01Z"),
            event(2, player_id="p2", metadata={"d": "AT"}, created_at=f"{OLD}T11:00:00Z"),
            event(3, player_id="p3", metadata={"c": "AT"}, created_at=f"{NEW}T11:00:00Z"),
            event(5, player_id="p5", created_at=f"{LAST_ARCHIVED}T11:00:00Z"),
            event(6, player_id="p6", metadata={"c": "FR"}, created_at=f"{FIRST_HELD}T11:00:00Z"),
        ],
        [event(4, player_id="p4", metadata={"c": "DE"}, created_at=f"{OLD}T12:00:00Z")],
    ):
        append(pixels_home, records, at_ms=int(NOON.timestamp() * 1000))
        run_pass(settings, now=lambda: NOON)
    return pixels_home


def test_archived_events_keep_their_metadata(home: Path) -> None:
    """Those of the record that is the event; who carries no such key is a row of its own."""
    with pixels.open(home) as wh:
        assert wh.sql("SELECT count(*) AS n FROM archive_files")["n"].item() > 0
        found = wh.summary(OLD, NEW, by="metadata.c").drop("event_type").rows()
        entries = wh.funnel(OLD, NEW, by="metadata.c", steps=["visit"]).select("metadata.c", "players").rows()
    assert found == [
        (date(2026, 10, 1), "DE", 2),
        (date(2026, 10, 1), None, 1),
        (date(2026, 11, 14), None, 1),
        (date(2026, 11, 15), "FR", 1),
        (date(2026, 11, 19), "AT", 1),
    ]
    assert sorted(entries, key=str) == [("AT", 1), ("DE", 2), ("FR", 1), (None, 2)]


def test_without_the_archive_only_days_that_need_none_are_told(home: Path) -> None:
    """The others are an error that says what is missing, not events without a value."""
    shutil.rmtree(home / "archive")
    with pixels.open(home) as wh:
        assert wh.sql("SELECT max(event_date) AS last FROM archive_files")["last"].item() == date(2026, 11, 14)
        assert wh.summary(FIRST_HELD, NEW, by="metadata.c")["metadata.c"].to_list() == ["FR", "AT"]
        with pytest.raises(NoArchive, match="archive"):
            wh.summary(OLD, NEW, by="metadata.c")
