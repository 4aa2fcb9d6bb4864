"""Spools that many workers have left, sent on by one: to Kafka, and to the local log where Kafka was given up."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.faults.fewer_workers import Leftover, spool_left_by_more_workers, spool_left_from_a_time_with_kafka
from tests.prove.brokers import running_brokers

FULL = Leftover(workers=4, records=10_000, pause=0.0)


def prove(work: Path, _: int) -> dict[str, object]:
    """Return the figures of both."""
    with TemporaryDirectory(dir=work) as folder, running_brokers(Path(folder)) as kafka:
        return {
            "to_kafka": spool_left_by_more_workers(kafka, Path(folder) / "to_kafka", FULL),
            "to_local_log": spool_left_from_a_time_with_kafka(kafka, Path(folder) / "to_local_log", FULL),
        }
