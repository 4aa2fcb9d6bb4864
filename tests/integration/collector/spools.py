"""What waits in a spool, read as SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pixels.config import Settings
from tests.integration.collector.running import RunningCollector, running_collector
from tests.waiting import free_port, until

KeyAndValue = tuple[bytes | None, bytes]


def spooled(home: Path, table: str = "events_queue") -> list[KeyAndValue]:
    """Return the records of all spool files, each file's in their order."""
    return [record for path in spool_files(home) for record in records_of(path, table)]


def spool_files(home: Path) -> list[Path]:
    return sorted((home / "spool").glob("slot-*.sqlite"))


def records_of(path: Path, table: str = "events_queue") -> list[KeyAndValue]:
    """Return the records of one file in their order; none while it is being made."""
    with closing(sqlite3.connect(path)) as file:
        if not file.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [table]).fetchall():
            return []
        return file.execute(f"SELECT record_key, record_value FROM {table} ORDER BY record_offset").fetchall()


def spool_in_every_file(collector: RunningCollector, files: int) -> list[str]:
    """Send visits until each of so many workers has spooled one; return the players, all acknowledged."""
    until(lambda: len(spool_files(collector.home)) == files, what="a file for each worker")
    acknowledged: list[str] = []
    while not all(map(records_of, spool_files(collector.home))):  # whichever worker takes the connection
        acknowledged.append(f"p{len(acknowledged)}")
        assert collector.ask(f"/visit?playerId={acknowledged[-1]}&bannerTag=a").status == 200
    return acknowledged


@contextmanager
def collector_without_its_kafka(home: Path, *options: str, **settings: str) -> Iterator[RunningCollector]:
    """Run a collector whose Kafka nobody started, and which does not wait long for it."""
    settings = {"PIXELS_KAFKA_ACK_TIMEOUT": "0.3", **settings}
    servers = f"127.0.0.1:{free_port()}"
    with running_collector(home, *options, PIXELS_KAFKA_BOOTSTRAP_SERVERS=servers, **settings) as running:
        yield running


def kafka_settings(
    servers: str, topic: str = "events", *, home: Path = Path("/nonexistent"), ack_timeout: float = 0.3
) -> Settings:
    """Return settings with a Kafka, for a log made in the test's own process."""
    return Settings(home=home, kafka_bootstrap_servers=servers, kafka_topic=topic, kafka_ack_timeout=ack_timeout)
