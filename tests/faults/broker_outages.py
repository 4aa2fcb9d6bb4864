"""Brokers that die, hang or are lost under load: what was acknowledged stays, and Kafka is used again when it is back."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.faults.evidence import counting, judge, stored_values, topic_values
from tests.faults.load import Load
from tests.faults.system import Collector, aggregate, collecting, kafka_settings, look_into_spool, recovery
from tests.kafka_broker import KafkaBroker, has_leaders, stands_still
from tests.waiting import until

PARTITIONS = 4


@dataclass(frozen=True)
class Outage:
    """How it begins, and what ends it."""

    begin: Callable[[KafkaBroker], None]
    end: Callable[[KafkaBroker], None]


@dataclass(frozen=True)
class Size:
    """How large a run is: events before, in and after the outage, its length in seconds, and how hard is sent."""

    events: int
    seconds: float
    pause: float
    connections: int = 16


def stand_still(kafka: KafkaBroker) -> None:
    """Stop every thread of the broker; its connections stay open."""
    os.kill(kafka.pid(), signal.SIGSTOP)
    until(lambda: stands_still(kafka.pid()), what="every thread of the broker stands still")


def go_on(kafka: KafkaBroker) -> None:
    """Let the broker that stands still go on."""
    os.kill(kafka.pid(), signal.SIGCONT)


KILLED = Outage(KafkaBroker.kill, KafkaBroker.start)
HANGING = Outage(stand_still, go_on)
ONE_OF_THREE_LOST = Outage(lambda kafka: kafka.kill(2), lambda kafka: None)


@contextmanager
def outage_of(kafka: KafkaBroker, outage: Outage) -> Iterator[Callable[[], None]]:
    """Begin the outage; what is yielded ends it, without waiting until the broker is back. It is back when the block ends."""
    with ThreadPoolExecutor(1) as aside:
        outage.begin(kafka)
        ended = []
        try:
            yield lambda: ended.append(aside.submit(outage.end, kafka))
        finally:
            (ended[0] if ended else aside.submit(outage.end, kafka)).result()


def events_through(outage: Outage, kafka: KafkaBroker, work: Path, size: Size) -> dict[str, Any]:
    """Load before, during and after an outage, and return the figures."""
    topic, home = kafka.new_topic(PARTITIONS), work / "home"
    collector = Collector(home, kafka_settings(kafka, topic))
    with collecting(collector):
        load = Load(collector.address, "o", connections=size.connections, pause=size.pause)
        load.wait_for(size.events)
        before = look_into_spool(home).ever
        with outage_of(kafka, outage) as end_it:
            over = time.monotonic() + size.seconds
            load.wait_for(size.events)
            until(lambda: time.monotonic() >= over, timeout=size.seconds + 1, what="the outage has lasted")
            end_it()
            ended = time.monotonic()
            wait_until_it_leads(kafka, topic)
            led = time.monotonic()
            recovered = recovery(home, load, led)
        load.wait_for(size.events)
        load.finish()
        spooled = look_into_spool(home).ever - before
        assert collector.stop() == 0, collector.errors.read_text()
    values = stored_values(home / "spool") + topic_values(kafka.bootstrap_servers, topic)
    return {
        **judge(load, values),
        **counting(load, values, aggregate(home, collector.settings)),
        "events_counted": load.players(),
        "answered_503": load.not_stored,
        "answered_strangely": dict(load.strange),
        "slowest_answer_seconds": round(max(load.latencies), 2),
        "spooled": spooled,
        "seconds_until_the_broker_led_again": round(led - ended, 2),
        "seconds_from_then_until_new_events_went_to_kafka": recovered.new_events_direct,
        "seconds_from_then_until_the_spool_was_empty": recovered.spool_empty,
    }


def wait_until_it_leads(kafka: KafkaBroker, topic: str) -> None:
    """Return when every partition of the topic can be written to."""
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers, "reconnect.backoff.max.ms": 100, "log_level": 2})

    def leads() -> bool:
        try:
            return has_leaders(admin, topic, PARTITIONS)
        except KafkaException:
            return False

    until(leads, timeout=90, what=f"the brokers lead {topic} again")
