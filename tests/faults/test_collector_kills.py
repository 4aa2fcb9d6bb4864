"""Killed with -9 at every step of its work, under load, the collector has lost nothing that it acknowledged."""

from __future__ import annotations

from pathlib import Path

from tests.faults.collector_kills import ANY_MOMENT, Size, kills_with_kafka, kills_with_local_log
from tests.faults.dying_collector import STEPS_OF_A_FILE, STEPS_OF_THE_FORWARDER, STEPS_WITH_KAFKA
from tests.faults.evidence import assert_nothing_lost
from tests.kafka_broker import KafkaBroker

SEED = 20261122
SMALL = Size(kills=1, depth=20, pause=0.01)


def test_a_collector_on_the_local_log_is_killed_at_every_step(tmp_path: Path) -> None:
    """Just before a commit, just after it, and at any moment."""
    figures = kills_with_local_log(tmp_path, SEED, SMALL)

    assert_nothing_lost(figures)
    assert set(figures["kills_at"]) == {*STEPS_OF_A_FILE, ANY_MOMENT}


def test_a_collector_on_kafka_is_killed_at_every_step(kafka: KafkaBroker, tmp_path: Path) -> None:
    """While Kafka works, while events go to the spool, and while they go on from there to Kafka."""
    figures = kills_with_kafka(kafka, tmp_path, SEED, SMALL)

    assert_nothing_lost(figures)
    assert set(figures["kills_at"]) == {*STEPS_WITH_KAFKA, *STEPS_OF_A_FILE, *STEPS_OF_THE_FORWARDER, ANY_MOMENT}
