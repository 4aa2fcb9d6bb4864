"""What a spool holds is sent on whatever is started next: fewer workers, or a collector without Kafka."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.broker_outages import HANGING, PARTITIONS, outage_of
from tests.faults.evidence import counting, judge, stored_values, topic_values
from tests.faults.load import Load
from tests.faults.system import Collector, aggregate, collecting, kafka_settings, look_into_spool
from tests.kafka_broker import KafkaBroker
from tests.waiting import until


@dataclass(frozen=True)
class Leftover:
    """How many workers leave a spool behind, how many records each, and how hard is sent meanwhile."""

    workers: int
    records: int
    pause: float


def spool_left_by_more_workers(kafka: KafkaBroker, work: Path, left: Leftover) -> dict[str, Any]:
    """Kill workers whose spools hold records, and start one worker alone when Kafka is back."""
    topic, home = kafka.new_topic(PARTITIONS), work / "home"
    collector = Collector(home, kafka_settings(kafka, topic))
    load, files = _leave_spools(kafka, collector, left)
    _empty_with_one_worker(collector, load)
    values = stored_values(home / "spool") + topic_values(kafka.bootstrap_servers, topic)
    return {"spools_left": files, **_figures(load, values, aggregate(home, collector.settings))}


def spool_left_from_a_time_with_kafka(kafka: KafkaBroker, work: Path, left: Leftover) -> dict[str, Any]:
    """Kill workers whose spools hold records, and start one that has no Kafka: all goes to the local log."""
    topic, home = kafka.new_topic(PARTITIONS), work / "home"
    collector = Collector(home, kafka_settings(kafka, topic))
    load, files = _leave_spools(kafka, collector, left)
    with_kafka, collector.settings = collector.settings, {}
    _empty_with_one_worker(collector, load)
    values = stored_values(home / "spool") + stored_values(home / "log")
    values += topic_values(kafka.bootstrap_servers, topic)
    return {"spools_left": files, **_figures(load, values, aggregate(home, with_kafka))}


def _leave_spools(kafka: KafkaBroker, collector: Collector, left: Leftover) -> tuple[Load, int]:
    """Kill the workers once every spool holds records; return the load, which goes on, and how many spools do."""
    load = Load(collector.address, "w", pause=left.pause, each=5)
    with outage_of(kafka, HANGING), collecting(collector, workers=left.workers):
        until(
            lambda: _well_filled(collector.home, left) >= left.workers,
            timeout=90,
            what="every worker's spool holds records",
        )
    return load, _well_filled(collector.home, left)


def _empty_with_one_worker(collector: Collector, load: Load) -> None:
    """Start one worker, wait until nothing is left in any spool, and end load and collector."""
    with collecting(collector):
        until(lambda: not look_into_spool(collector.home).waiting, timeout=90, what="one worker has emptied all spools")
        load.wait_for(1)
        load.finish()
        assert collector.stop() == 0, collector.errors.read_text()


def _well_filled(home: Path, left: Leftover) -> int:
    """Return how many spools hold enough records."""
    found = 0
    for path in (home / "spool").glob("*.sqlite"):
        with closing(sqlite3.connect(path, timeout=30)) as spool:
            try:
                found += spool.execute("SELECT count(*) FROM events_queue").fetchone()[0] >= left.records
            except sqlite3.OperationalError:  # it is just being made
                continue
    return found


def _figures(load: Load, values: list[bytes], warehouse: Path) -> dict[str, Any]:
    return {
        **judge(load, values),
        **counting(load, values, warehouse),
        "events_counted": load.players(),
        "answered_503": load.not_stored,
        "answered_strangely": dict(load.strange),
    }
