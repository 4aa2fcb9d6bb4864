"""With Kafka as the log: acknowledged means that the brokers have it; what they cannot take is answered 503."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from collector.kafka_log import KafkaLog
from collector.sinks import EVENTS, LogUnavailable
from tests.integration.collector.running import RunningCollector, running_collector
from tests.integration.collector.senders import ENOUGH, Senders
from tests.kafka_broker import KafkaBroker
from tests.unit.collector.schemas import EVENT_SCHEMA, REFUSAL_SCHEMA
from tests.waiting import free_port, until


def messages(kafka: KafkaBroker, topic: str) -> list[Message]:
    """Read a topic from its beginning to where it ends now."""
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap_servers, "group.id": "test", "enable.auto.commit": False})
    try:
        partitions = list(consumer.list_topics(topic, timeout=10).topics[topic].partitions)

        def now_ends() -> dict[int, int]:
            try:
                return {p: consumer.get_watermark_offsets(TopicPartition(topic, p), timeout=10)[1] for p in partitions}
            except KafkaException:  # a broker that hung for too long leads nothing until it has been taken back
                return {}

        ends = until(now_ends, what=f"the ends of {topic}")
        consumer.assign([TopicPartition(topic, p, 0) for p in partitions])
        found: list[Message] = []

        def all_read() -> bool:
            found.extend(consumer.consume(1000, 0.1))
            return len(found) >= sum(ends.values())

        until(all_read, what=f"all messages of {topic}")
        return found
    finally:
        consumer.close()


def values(kafka: KafkaBroker, topic: str) -> list[dict[str, Any]]:
    return [json.loads(message.value() or b"") for message in messages(kafka, topic)]


@pytest.fixture
def topic(kafka: KafkaBroker) -> str:
    return kafka.new_topic()


@pytest.fixture
def collector(kafka: KafkaBroker, topic: str, tmp_path: Path) -> Iterator[RunningCollector]:
    """A collector that gives Kafka three seconds."""
    with running_collector(
        tmp_path,
        PIXELS_KAFKA_BOOTSTRAP_SERVERS=kafka.bootstrap_servers,
        PIXELS_KAFKA_TOPIC=topic,
        PIXELS_KAFKA_ACK_TIMEOUT="3",
    ) as running:
        yield running


def test_an_acknowledged_pixel_is_on_the_topic_keyed_by_its_player(
    collector: RunningCollector, kafka: KafkaBroker, topic: str
) -> None:
    """One message each, the event's JSON; nothing goes to the local log."""
    for event_type in ("visit", "registration", "deposit"):
        assert collector.ask(f"/{event_type}?playerId=J%C3%BCrgen&bannerTag=brandA&s=v-1").status == 200

    stored = messages(kafka, topic)
    events = [json.loads(message.value() or b"") for message in stored]
    for event in events:
        jsonschema.validate(event, EVENT_SCHEMA)
    assert [event["event_type"] for event in events] == ["visit", "registration", "deposit"]
    assert {message.key() for message in stored} == {"Jürgen".encode()}
    assert len({message.partition() for message in stored}) == 1
    assert not (collector.home / "log").exists()


def test_a_refusal_is_on_the_rejected_topic_without_a_key(
    collector: RunningCollector, kafka: KafkaBroker, topic: str
) -> None:
    """Refusals have a topic of their own."""
    assert collector.ask("/visit?playerId=guest&bannerTag=brandA").reason == "placeholder_value"

    (message,) = messages(kafka, f"{topic}.rejected")
    refusal = json.loads(message.value() or b"")
    jsonschema.validate(refusal, REFUSAL_SCHEMA)
    assert (refusal["reason"], message.key()) == ("placeholder_value", None)
    assert messages(kafka, topic) == []


def test_every_acknowledged_pixel_is_on_the_topic_after_kill_9_of_the_collector(
    collector: RunningCollector, kafka: KafkaBroker, topic: str
) -> None:
    """Nothing was acknowledged that only the producer's memory held."""
    senders = Senders(collector)
    senders.wait_for(ENOUGH)
    os.killpg(collector.process.pid, signal.SIGKILL)
    acknowledged = senders.finish()

    assert len(acknowledged) >= ENOUGH
    assert acknowledged <= {event["player_id"] for event in values(kafka, topic)}


def test_a_broker_that_hangs_is_answered_503_until_it_works_again(
    collector: RunningCollector, kafka: KafkaBroker, topic: str
) -> None:
    """The wait is bounded, no pixel is acknowledged meanwhile, and the same process recovers."""
    assert collector.ask("/visit?playerId=before&bannerTag=a").status == 200
    with kafka.hanging():
        began = time.monotonic()
        during, refused = collector.ask("/visit?playerId=during&bannerTag=a"), collector.ask("/visit?playerId=1")
        waited = time.monotonic() - began

    assert [(answer.status, answer.headers["retry-after"]) for answer in (during, refused)] == [(503, "5")] * 2
    assert 6 <= waited < 12
    until(lambda: collector.ask("/visit?playerId=after&bannerTag=a").status == 200, what="Kafka takes events again")
    stored = [event["player_id"] for event in values(kafka, topic)]
    assert {"before", "after"} <= set(stored) <= {"before", "during", "after"}


def test_a_stop_while_kafka_hangs_still_answers_what_is_under_way(
    collector: RunningCollector, kafka: KafkaBroker
) -> None:
    """The request gets its 503, not a broken connection, and the collector leaves in peace."""
    assert collector.ask("/visit?playerId=before&bannerTag=a").status == 200
    with kafka.hanging():
        with collector.sent("/visit?playerId=during&bannerTag=a") as under_way:
            assert collector.ask("/robots.txt").status == 200  # one event loop: it has read the request before
            collector.process.terminate()
            assert under_way.answer().status == 503
        assert collector.process.wait(timeout=30) == 0


@pytest.fixture
def unreachable() -> Iterator[KafkaLog]:
    """A log whose Kafka nobody started."""
    fatal: list[None] = []
    log = KafkaLog(f"127.0.0.1:{free_port()}", "events", ack_timeout=0.3, on_fatal=lambda: fatal.append(None))
    with closing(log):
        yield log


async def test_a_kafka_that_is_not_there_is_told_in_time(unreachable: KafkaLog) -> None:
    """The wait is the one that was set."""
    began = time.monotonic()

    with pytest.raises(LogUnavailable, match=r"within 0.3 s"):
        await unreachable.append(EVENTS, b"p", b"{}")
    assert time.monotonic() - began < 3


async def test_a_record_that_no_broker_would_take_is_refused_at_once(unreachable: KafkaLog) -> None:
    """The producer itself says no to a message beyond its limit."""
    with pytest.raises(LogUnavailable, match="does not take the record"):
        await unreachable.append(EVENTS, b"p", bytes(2_000_000))


async def test_a_closed_log_refuses(unreachable: KafkaLog) -> None:
    """After the end of the process's work nothing is accepted that nobody would deliver."""
    unreachable.close()

    with pytest.raises(LogUnavailable, match="closed"):
        await unreachable.append(EVENTS, b"p", b"{}")


def test_only_a_producer_that_failed_for_good_asks_for_a_new_process() -> None:
    """Lost connections mend themselves; a fatal error never does."""
    asked: list[str] = []
    log = KafkaLog(f"127.0.0.1:{free_port()}", "events", ack_timeout=0.1, on_fatal=lambda: asked.append("now"))
    with closing(log):
        log._on_error(KafkaError(KafkaError._ALL_BROKERS_DOWN))
        assert asked == []
        log._on_error(KafkaError(KafkaError._FATAL, "fenced", True))
        assert asked == ["now"]
