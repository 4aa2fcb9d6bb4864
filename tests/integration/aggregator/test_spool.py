"""What waits in the collector's spool was acknowledged and is not counted: "data through" says so."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import pixels
from aggregator.run import PassResult, run_pass
from pixels.config import load_settings
from tests.kafka_broker import KafkaBroker
from tests.local_log import append

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
LOGGED = 1_795_000_000_000  # 2026-11-18
EVENT = {
    "id": "e1",
    "event_type": "visit",
    "player_id": "p",
    "banner_tag": "b",
    "created_at": "2026-11-17T10:00:00.000Z",
}


def spooled(home: Path, at: datetime, *, slot: int = 0, table: str = "events_queue") -> None:
    append(home, [EVENT], slot=slot, table=table, at_ms=int(at.timestamp() * 1000), folder="spool")


def a_pass(at: datetime = NOW) -> PassResult:
    return run_pass(load_settings(), now=lambda: at)


def test_nothing_is_complete_after_the_oldest_record_that_waits(pixels_home: Path) -> None:
    """Of all files and both streams the oldest decides, however many are newer."""
    append(pixels_home, [EVENT], at_ms=LOGGED)
    spooled(pixels_home, NOW - timedelta(seconds=90))
    spooled(pixels_home, NOW - timedelta(seconds=30))
    spooled(pixels_home, NOW - timedelta(seconds=95), slot=1, table="events_queue_rejected")
    spooled(pixels_home, NOW - timedelta(seconds=91), slot=1)

    result = a_pass()

    assert result.complete_until == NOW - timedelta(seconds=95)
    snapshot = pixels_home / "published" / f"snapshot-{result.snapshot:06d}.duckdb"
    for path in (pixels_home, snapshot):
        with pixels.open(path) as wh:
            assert wh.complete_until == NOW - timedelta(seconds=95)


def test_it_moves_on_when_the_spool_has_been_emptied(pixels_home: Path) -> None:
    """What was forwarded and deleted holds nothing up, and the records themselves are not read here."""
    spooled(pixels_home, NOW - timedelta(seconds=90))
    first = a_pass()
    with sqlite3.connect(pixels_home / "spool" / "slot-000.sqlite") as db:
        db.execute("DELETE FROM events_queue")
    db.close()

    assert (first.complete_until, first.outcome.records_read) == (NOW - timedelta(seconds=90), 0)
    assert a_pass(NOW + timedelta(minutes=1)).complete_until == NOW + timedelta(minutes=1)


def test_a_record_put_there_after_the_pass_began_holds_nothing_up(pixels_home: Path) -> None:
    """The pass does not speak of the time after its start."""
    spooled(pixels_home, NOW + timedelta(seconds=5))

    assert a_pass().complete_until == NOW


def test_with_kafka_the_spool_holds_it_up_as_well(
    kafka: KafkaBroker, pixels_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kafka is back and drained, and the forwarder has not come to all of it yet."""
    monkeypatch.setenv("PIXELS_KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrap_servers)
    monkeypatch.setenv("PIXELS_KAFKA_TOPIC", kafka.new_topic())
    spooled(pixels_home, NOW - timedelta(seconds=90))

    assert a_pass().complete_until == NOW - timedelta(seconds=90)


def test_a_file_that_is_locked_says_nothing_and_fails_no_pass(pixels_home: Path) -> None:
    """Events of the log are stored all the same; "data through" stays where the pass before left it."""
    a_pass(NOW - timedelta(minutes=1))
    append(pixels_home, [EVENT], at_ms=LOGGED)
    spooled(pixels_home, NOW - timedelta(seconds=90))
    db = sqlite3.connect(pixels_home / "spool" / "slot-000.sqlite")
    db.execute("PRAGMA locking_mode = EXCLUSIVE")
    db.execute("PRAGMA journal_mode = DELETE")
    db.execute("BEGIN EXCLUSIVE")
    try:
        result = a_pass()
    finally:
        db.close()

    assert result.outcome.events_stored == 1
    assert result.complete_until == NOW - timedelta(minutes=1)
    assert a_pass().complete_until == NOW - timedelta(seconds=90)


def test_a_damaged_file_says_nothing_and_fails_no_pass(pixels_home: Path) -> None:
    """It is no part of the log; the first pass of all cannot call anything complete beside it."""
    (pixels_home / "spool").mkdir()
    (pixels_home / "spool" / "slot-000.sqlite").write_bytes(b"SQLite format 3\x00" + b"\xff" * 4000)
    append(pixels_home, [EVENT], at_ms=LOGGED)

    result = a_pass()

    assert result.outcome.events_stored == 1
    assert result.complete_until == datetime.fromtimestamp(0, UTC)


def test_a_spool_that_this_user_may_not_read_says_nothing(pixels_home: Path) -> None:
    """Like a file that cannot be read: "data through now" would be a lie."""
    a_pass(NOW - timedelta(minutes=1))
    (pixels_home / "spool").touch()  # root may read every folder, so it is none

    assert a_pass().complete_until == NOW - timedelta(minutes=1)


def test_a_file_whose_making_was_interrupted_holds_nothing_up(pixels_home: Path) -> None:
    """It has no record yet: an empty file, an empty database, other files beside them."""
    spool = pixels_home / "spool"
    spool.mkdir()
    (spool / "slot-000.sqlite").touch()
    db = sqlite3.connect(spool / "slot-001.sqlite")
    db.execute("CREATE TABLE log_identity (log_uuid TEXT NOT NULL)")
    db.close()
    (spool / "slot-001.lock").touch()

    assert a_pass().complete_until == NOW


def test_what_was_said_of_an_older_pass_stays_when_a_pass_is_cut_short(pixels_home: Path) -> None:
    """Asked to end, a pass stores its batch; what it has not read may be older than its start."""
    a_pass(NOW - timedelta(minutes=1))
    append(pixels_home, [{**EVENT, "id": f"e{n}"} for n in range(4)], at_ms=LOGGED)

    result = run_pass(load_settings(batch_size=2), now=lambda: NOW, stop=lambda: True)

    assert (result.outcome.events_stored, result.complete_until) == (2, NOW - timedelta(minutes=1))
    with pixels.open(pixels_home / "published" / f"snapshot-{result.snapshot:06d}.duckdb") as wh:
        assert wh.complete_until == NOW - timedelta(minutes=1)
    assert json.loads((pixels_home / "published" / "current.json").read_text())["complete_until"] == (
        "2026-11-22T09:59:00.000Z"
    )
