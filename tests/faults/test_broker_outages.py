"""Under load, brokers die, hang and come back: nothing acknowledged is lost, and nothing counts twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.broker_outages import HANGING, KILLED, ONE_OF_THREE_LOST, Outage, Size, events_through
from tests.faults.evidence import assert_nothing_lost
from tests.kafka_broker import KafkaBroker
from tests.waiting import free_port

SMALL = Size(events=300, seconds=2.5, pause=0.02)
RECOVERY_SECONDS = 10.0
SLOWEST_SECONDS = 5.0


@pytest.mark.parametrize("outage", [KILLED, HANGING], ids=["killed", "hanging"])
def test_events_go_to_the_spool_while_the_broker_is_away_and_to_kafka_soon_after(
    kafka: KafkaBroker, tmp_path: Path, outage: Outage
) -> None:
    """Every event is acknowledged within a bounded time; ten seconds after the broker's return the spool is not needed."""
    figures = events_through(outage, kafka, tmp_path, SMALL)

    assert_nothing_lost(figures)
    assert figures["answered_503"] == 0
    assert figures["spooled"] >= SMALL.events / 2
    assert figures["slowest_answer_seconds"] < SLOWEST_SECONDS
    assert figures["seconds_from_then_until_new_events_went_to_kafka"] < RECOVERY_SECONDS
    assert figures["seconds_from_then_until_the_spool_was_empty"] < RECOVERY_SECONDS


@pytest.fixture(scope="module")
def three_brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """Three brokers, of which two must have an event."""
    brokers = KafkaBroker(tmp_path_factory.mktemp("kafka-3"), port=free_port(following=5), brokers=3)
    brokers.start()
    yield brokers
    for node in (1, 2, 3):  # nobody needs what they hold
        with suppress(ProcessLookupError):  # the one that was lost
            brokers.kill(node)


def test_one_of_three_brokers_can_be_lost(three_brokers: KafkaBroker, tmp_path: Path) -> None:
    """The other two take over; nobody is turned away."""
    figures = events_through(ONE_OF_THREE_LOST, three_brokers, tmp_path, SMALL)

    assert_nothing_lost(figures)
    assert figures["answered_503"] == 0
    assert figures["seconds_from_then_until_the_spool_was_empty"] < RECOVERY_SECONDS
