"""No spool is forgotten because the worker that filled it is not started again."""

from __future__ import annotations

from pathlib import Path

from tests.faults.evidence import assert_nothing_lost
from tests.faults.fewer_workers import Leftover, spool_left_by_more_workers, spool_left_from_a_time_with_kafka
from tests.kafka_broker import KafkaBroker


def test_one_worker_sends_on_what_three_have_left(kafka: KafkaBroker, tmp_path: Path) -> None:
    """All three were killed with records in their spools."""
    figures = spool_left_by_more_workers(kafka, tmp_path, Leftover(workers=3, records=30, pause=0.01))

    assert_nothing_lost(figures)
    assert figures["spools_left"] == 3


def test_a_collector_without_kafka_takes_the_spool_into_its_local_log(kafka: KafkaBroker, tmp_path: Path) -> None:
    """Somebody gave up Kafka while records were waiting for it."""
    figures = spool_left_from_a_time_with_kafka(kafka, tmp_path, Leftover(workers=2, records=30, pause=0.01))

    assert_nothing_lost(figures)
    assert figures["spools_left"] == 2
