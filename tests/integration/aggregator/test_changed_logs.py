"""Logs that are not what they were at the last pass: records gone, files or topics made anew, partitions added late."""

from __future__ import annotations

import json
import shutil
import sqlite3
import uuid
from collections.abc import Iterable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

from aggregator.kafka_source import OffsetBeyondEnd
from aggregator.local_source import DamagedLog
from aggregator.run import run_pass
from pixels.cli import main
from pixels.config import load_settings
from tests.kafka_broker import KafkaBroker, has_leaders
from tests.local_log import append
from tests.sample_records import event
from tests.waiting import until

APPENDED = 1_795_000_000_000
SLOT = "log/slot-000.sqlite"


def in_the_warehouse(query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(load_settings().warehouse_path), read_only=True) as con:
        return con.execute(query).fetchall()


def gaps() -> list[tuple[Any, ...]]:
    return in_the_warehouse('SELECT "partition", first_offset, next_offset, run_id FROM log_gaps ORDER BY ALL')


def players() -> set[str]:
    return {player for (player,) in in_the_warehouse("SELECT player_id FROM players")}


def in_the_slot(home: Path, statement: str, parameters: Iterable[object] = ()) -> None:
    with closing(sqlite3.connect(home / SLOT)) as db, db:
        db.execute(statement, tuple(parameters))


def test_records_that_somebody_deleted_are_reported_recorded_and_passed_over(pixels_home: Path) -> None:
    """The pass goes on behind the gap with exit code 0, loudly; the next one has nothing to tell."""
    append(pixels_home, [event(1)], at_ms=APPENDED)
    run_pass(load_settings())
    append(pixels_home, [event(n) for n in range(2, 12)], at_ms=APPENDED)
    in_the_slot(pixels_home, "DELETE FROM events_queue WHERE record_offset IN (2, 5, 6, 11)")

    told = CliRunner().invoke(main, ["aggregate"], catch_exceptions=False)
    after = CliRunner().invoke(main, ["aggregate"], catch_exceptions=False)

    line = json.loads(told.stdout)
    assert (told.exit_code, line["records_lost"], line["events_stored"]) == (0, 4, 6)
    assert told.stderr.count("log.gap") == 3
    assert "lost=2" in told.stderr
    assert gaps() == [(0, 2, 3, 2), (0, 5, 7, 2), (0, 11, 12, 2)]
    assert players() == {f"p{n}" for n in (1, 3, 4, 7, 8, 9, 10)}
    assert json.loads(after.stdout)["records_lost"] == 0
    assert "log.gap" not in after.stderr


def test_a_beginning_that_was_gone_before_the_first_pass_is_a_gap_too(pixels_home: Path) -> None:
    """A warehouse made anew beside an old log does not pretend to hold what the log forgot."""
    append(pixels_home, [event(n) for n in range(5)], at_ms=APPENDED)
    in_the_slot(pixels_home, "DELETE FROM events_queue WHERE record_offset <= 3")

    assert run_pass(load_settings()).records_lost == 3
    assert gaps() == [(0, 1, 4, 1)]


def test_a_batch_that_was_rolled_back_leaves_no_gap(pixels_home: Path) -> None:
    """SQLite takes the numbers back with the records, so what a collector could not commit is not missing."""
    append(pixels_home, [event(1)], at_ms=APPENDED)
    with closing(sqlite3.connect(pixels_home / SLOT)) as db:
        db.execute("INSERT INTO events_queue (appended_at_ms, record_value) VALUES (1, x'00')")
        db.rollback()
    append(pixels_home, [event(2)], at_ms=APPENDED)

    assert run_pass(load_settings()).records_lost == 0
    assert players() == {"p1", "p2"}


def test_a_gap_larger_than_a_batch_is_one_gap(pixels_home: Path) -> None:
    """Batches end where there are records, not where numbers are."""
    append(pixels_home, [event(n) for n in range(20)], at_ms=APPENDED)
    in_the_slot(pixels_home, "DELETE FROM events_queue WHERE record_offset BETWEEN 4 AND 15")

    run_pass(load_settings(batch_size=3))

    assert gaps() == [(0, 4, 16, 1)]
    assert len(players()) == 8


def test_a_slot_file_that_was_made_anew_is_noticed_and_read_from_its_beginning(pixels_home: Path) -> None:
    """Another log in the old one's place: explained once, not skipped up to the old one's offset, repeats count once."""
    append(pixels_home, [event(1), event(2), event(3)], at_ms=APPENDED)
    run_pass(load_settings())
    for file in (pixels_home / "log").iterdir():
        file.unlink()
    append(pixels_home, [event(3), event(4)], at_ms=APPENDED)

    told = CliRunner().invoke(main, ["aggregate"], catch_exceptions=False)
    after = CliRunner().invoke(main, ["aggregate"], catch_exceptions=False)

    assert told.exit_code == 0
    assert told.stderr.count("log.replaced") == 2  # its two streams
    assert "local:slot-000.sqlite:events_queue " in told.stderr
    assert "log.replaced" not in after.stderr
    assert players() == {"p1", "p2", "p3", "p4"}
    assert in_the_warehouse("SELECT place, count(DISTINCT source) FROM log_sources GROUP BY ALL ORDER BY ALL") == [
        ("local:slot-000.sqlite:events_queue", 2),
        ("local:slot-000.sqlite:events_queue_rejected", 2),
    ]


def test_a_copy_beside_its_log_is_refused_and_can_be_made_a_log_of_its_own(pixels_home: Path) -> None:
    """Two files of one identity would share one offset, and one would be skipped for what the other held."""
    append(pixels_home, [event(1)], at_ms=APPENDED)
    run_pass(load_settings())
    shutil.copy(pixels_home / SLOT, pixels_home / "log" / "slot-001.sqlite")
    append(pixels_home, [event(2)], slot=1, at_ms=APPENDED)

    with pytest.raises(DamagedLog, match=r"slot-000\.sqlite and .*slot-001\.sqlite are copies of one log.*UPDATE"):
        run_pass(load_settings())

    in_the_slot(pixels_home, "UPDATE log_identity SET log_uuid = lower(hex(randomblob(16)))")
    run_pass(load_settings())
    assert players() == {"p1", "p2"}


def test_columns_that_hold_other_than_they_should_poison_nothing(pixels_home: Path) -> None:
    """SQLite lets a stranger store text or any number; the record is judged by its bytes, its neighbours count."""
    append(pixels_home, [event(1)], at_ms=APPENDED)
    add = "INSERT INTO events_queue (appended_at_ms, record_value) VALUES (?, ?)"
    for at, value in (
        (10**18, json.dumps(event(2))),
        ("yesterday", "rubbish"),
        (APPENDED, 3.5),
        (-1, json.dumps(event(3))),
    ):
        in_the_slot(pixels_home, add, (at, value))

    line = json.loads(CliRunner().invoke(main, ["aggregate"], catch_exceptions=False).stdout)

    assert (line["records_read"], line["events_stored"] + line["records_rejected"]) == (5, 5)
    assert {"p1", "p2"} <= players()


def delete_below(kafka: KafkaBroker, topic: str, offsets: dict[int, int]) -> None:
    """Let the topic forget, as its retention does; -1: all that there is."""
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    for done in admin.delete_records([TopicPartition(topic, n, offset) for n, offset in offsets.items()]).values():
        done.result(30)


def test_retention_that_ran_past_the_stored_offset_is_a_gap(kafka: KafkaBroker, topic: str) -> None:
    """Records that the topic forgot unread are told of with their number, recorded, and passed over; once."""
    kafka.produce_to(topic, 0, [event(n) for n in range(5)])
    run_pass(load_settings())
    kafka.produce_to(topic, 0, [event(n) for n in range(5, 15)])
    kafka.produce_to(topic, 1, [event(n) for n in range(20, 24)])
    delete_below(kafka, topic, {0: 12, 1: -1})

    told = CliRunner().invoke(main, ["aggregate"], catch_exceptions=False)
    after = CliRunner().invoke(main, ["aggregate"], catch_exceptions=False)

    line = json.loads(told.stdout)
    assert (told.exit_code, line["records_lost"], line["events_stored"]) == (0, 11, 3)
    assert told.stderr.count("log.gap") == 2
    assert "lost=7" in told.stderr
    assert gaps() == [(0, 5, 12, 2), (1, 0, 4, 2)]
    assert json.loads(after.stdout)["records_lost"] == 0
    assert players() == {f"p{n}" for n in (*range(5), *range(12, 15))}


def test_a_partition_that_was_added_and_has_forgotten_its_beginning_is_a_gap(kafka: KafkaBroker, topic: str) -> None:
    """Nothing was ever read from it, and nothing says that this is right."""
    run_pass(load_settings())
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    admin.create_partitions([NewPartitions(topic, 5)])[topic].result(30)
    until(lambda: has_leaders(admin, topic, 5), what="the new partition is ready")
    kafka.produce_to(topic, 4, [event(n) for n in range(3)])
    delete_below(kafka, topic, {4: 2})

    assert run_pass(load_settings()).records_lost == 2
    assert gaps() == [(4, 0, 2, 2)]
    assert players() == {"p2"}


def test_a_topic_that_was_made_anew_is_noticed_and_read_from_its_beginning(kafka: KafkaBroker, topic: str) -> None:
    """Its id tells, though name and offsets are the same: nothing is skipped, and repeats count once."""
    kafka.produce_to(topic, 0, [event(n) for n in range(5)])
    run_pass(load_settings())
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    admin.delete_topics([topic], operation_timeout=30)[topic].result(30)
    until(partial(is_gone, admin, topic), what="the topic is gone")
    admin.create_topics([NewTopic(topic, 4)], operation_timeout=30)[topic].result(30)
    until(lambda: has_leaders(admin, topic, 4), what="the new topic is ready")
    kafka.produce_to(topic, 0, [event(n) for n in range(4, 12)])

    told = CliRunner().invoke(main, ["aggregate"], catch_exceptions=False)
    after = CliRunner().invoke(main, ["aggregate"], catch_exceptions=False)

    assert told.exit_code == 0
    assert told.stderr.count("log.replaced") == 1
    assert f"place=kafka:{topic} " in told.stderr
    assert "log.replaced" not in after.stderr
    assert json.loads(told.stdout)["records_read"] == 8
    assert players() == {f"p{n}" for n in range(12)}
    assert in_the_warehouse(f"SELECT count(*) FROM log_sources WHERE place = 'kafka:{topic}'") == [(2,)]


def is_gone(admin: AdminClient, topic: str) -> bool:
    return topic not in admin.list_topics(timeout=10).topics


def test_a_topic_that_lost_its_end_is_an_error(kafka: KafkaBroker, topic: str) -> None:
    """Restored from an older copy: new records under old offsets would be skipped in silence, so nothing is read."""
    kafka.produce_to(topic, 2, [event(n) for n in range(5)])
    run_pass(load_settings())
    with duckdb.connect(str(load_settings().warehouse_path)) as con:  # as if more had been there, and read
        con.execute('UPDATE log_offsets SET next_offset = 9 WHERE "partition" = 2 AND next_offset = 5')

    with pytest.raises(
        OffsetBeyondEnd, match="partition 2, ends at offset 5, but everything below 9 was already stored"
    ):
        run_pass(load_settings())


def test_another_log_of_the_same_place_is_told_of_by_a_new_warehouse_only_when_it_knows_the_former(
    pixels_home: Path,
) -> None:
    """A first pass has nothing to compare with."""
    append(pixels_home, [event(1)], at_ms=APPENDED)
    in_the_slot(pixels_home, "UPDATE log_identity SET log_uuid = ?", [str(uuid.uuid4())])

    assert "log.replaced" not in CliRunner().invoke(main, ["aggregate"], catch_exceptions=False).stderr
