"""Brokers for the length of a proof."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.kafka_broker import KafkaBroker
from tests.waiting import free_port


@contextmanager
def running_brokers(work: Path, brokers: int = 1) -> Iterator[KafkaBroker]:
    """Start so many brokers with their state under `work`, and end them with the block."""
    kafka = KafkaBroker(work / f"kafka-{brokers}", port=free_port(following=2 * brokers - 1), brokers=brokers)
    kafka.folder.mkdir()
    kafka.start()
    try:
        yield kafka
    finally:
        kafka.stop()
