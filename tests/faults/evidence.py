"""What topic, spool, local log and warehouse hold, read without Pixels' code, and compared with what the senders know."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from confluent_kafka import Consumer, KafkaException, TopicPartition

from tests.faults.load import Load
from tests.waiting import until

_SHOWN = 3


def topic_values(bootstrap_servers: str, topic: str) -> list[bytes]:
    """Read all partitions of a topic from the beginning to where they end now."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": "evidence",
            "enable.auto.commit": False,
            "queued.min.messages": 1_000_000,
        }
    )
    with closing(consumer):
        ends = until(lambda: _ends(consumer, topic), timeout=60, what=f"the ends of {topic}")
        consumer.assign([TopicPartition(topic, partition, 0) for partition in ends])
        values: list[bytes] = []

        def all_read() -> bool:
            values.extend(message.value() or b"" for message in consumer.consume(10_000, 0.2))
            return len(values) >= sum(ends.values())

        until(all_read, timeout=120, what=f"all messages of {topic}")
        return values


def _ends(consumer: Consumer, topic: str) -> dict[int, int]:
    """Return where each partition ends; nothing while one has no leader."""
    try:
        partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        return {p: consumer.get_watermark_offsets(TopicPartition(topic, p), timeout=10)[1] for p in partitions}
    except KafkaException:
        return {}


def stored_values(folder: Path) -> list[bytes]:
    """Read the events of all slots of a local log or a spool."""
    values: list[bytes] = []
    for path in sorted(folder.glob("*.sqlite")):
        with closing(sqlite3.connect(path, timeout=30)) as log:
            values += [value for (value,) in log.execute("SELECT record_value FROM events_queue")]
    return values


def judge(load: Load, values: Iterable[bytes]) -> dict[str, int]:
    """Compare all records of topic, spool and log with what was sent and acknowledged; return the figures."""
    of_request: dict[int, bytes] = {}
    found: Counter[str] = Counter()
    for value in values:
        event = json.loads(value)
        name, _, number = event["metadata"]["b"].rpartition("-")
        found["records"] += 1
        if name != load.name or not load.has_sent(event, int(number)):
            found["made_up"] += 1
        elif of_request.setdefault(int(number), value) != value:
            found["differing"] += 1
    return {
        "requests_sent": load.sent,
        "acknowledged": len(load.acknowledged),
        "records_found": found["records"],
        "acknowledged_and_lost": len(load.acknowledged - of_request.keys()),
        "copies_that_differ": found["differing"],
        "made_up": found["made_up"],
    }


def wrongly_counted(load: Load, values: Iterable[bytes], warehouse: Path) -> dict[str, list[object]]:
    """Compare the warehouse, after a pass, with the records and the witness; empty when all was counted exactly once.

    Every player has one event, so a day counts as many of a type as it has players in the log, and every player whose
    event was acknowledged is among them.
    """
    expected = {
        (datetime.fromisoformat(event["created_at"]).date(), event["event_type"], event["player_id"])
        for event in map(json.loads, values)
    }
    with duckdb.connect(str(warehouse), read_only=True) as con:
        counted = con.execute("SELECT event_date, event_type, player_id FROM counted_events").fetchall()
        daily = con.execute("SELECT event_date, event_type, count FROM daily_metrics").fetchall()
    players = {player for _, _, player in counted}
    daily_expected = Counter((day, kind) for day, kind, _ in expected)
    wrong: dict[str, list[object]] = {
        "counted twice": [key for key, times in Counter(counted).items() if times > 1],
        "not in the log": [*(set(counted) - expected)],
        "not counted": [*(expected - set(counted))],
        "acknowledged and not counted": [
            request for request in load.acknowledged if f"{load.name}-{load.player(request)}" not in players
        ],
        "daily_metrics": [*({(day, kind, count) for (day, kind), count in daily_expected.items()} ^ set(daily))],
    }
    return {name: found for name, found in wrong.items() if found}


def counting(load: Load, values: Iterable[bytes], warehouse: Path) -> dict[str, Any]:
    """Return the figures of `wrongly_counted`: how many, and a few of each kind."""
    wrong = wrongly_counted(load, values, warehouse)
    return {
        "wrongly_counted": sum(map(len, wrong.values())),
        "examples": {name: [str(example) for example in found[:_SHOWN]] for name, found in wrong.items()},
    }


def assert_nothing_lost(figures: Mapping[str, Any]) -> None:
    """Fail when what the senders know does not agree with the log or the warehouse, or a good event was refused."""
    assert figures["acknowledged"] > 0
    for fault in ("acknowledged_and_lost", "copies_that_differ", "made_up", "wrongly_counted"):
        assert figures[fault] == 0, (fault, figures)
    assert figures["answered_strangely"] == {}, figures
