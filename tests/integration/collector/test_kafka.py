"""With Kafka as the log: acknowledged means that the brokers have it; what they do not take is told in time."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from collector.event_log import EVENTS, REJECTED, LogUnavailable, RecordRefused
from collector.kafka_log import KafkaLog
from tests.integration.collector.running import PIXELS, RunningCollector, environment, running_collector
from tests.integration.collector.senders import ENOUGH, Senders
from tests.integration.collector.spools import kafka_settings
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


@pytest.fixture
def unreachable() -> Iterator[KafkaLog]:
    """A log whose Kafka nobody started."""
    with closing(KafkaLog(kafka_settings(f"127.0.0.1:{free_port()}"), on_fatal=lambda: None)) as log:
        yield log


async def test_a_kafka_that_is_not_there_is_told_in_time(unreachable: KafkaLog) -> None:
    """The wait is the one that was set."""
    began = time.monotonic()

    with pytest.raises(LogUnavailable, match=r"within 0.3 s"):
        await unreachable.append(EVENTS, b"p", b"{}")
    assert time.monotonic() - began < 3


async def test_a_record_that_no_broker_would_take_is_refused_at_once(unreachable: KafkaLog) -> None:
    """The producer itself says no to a message beyond its limit."""
    with pytest.raises(LogUnavailable, match="does not take the record") as refused:
        await unreachable.append(EVENTS, b"p", bytes(2_000_000))
    assert isinstance(refused.value, RecordRefused)


async def test_a_closed_log_refuses(unreachable: KafkaLog) -> None:
    """After the end of the process's work nothing is accepted that nobody would deliver."""
    unreachable.close()

    with pytest.raises(LogUnavailable, match="closed"):
        await unreachable.append(EVENTS, b"p", b"{}")


async def test_requests_that_were_cancelled_leave_nothing_behind(unreachable: KafkaLog) -> None:
    """Those who hung up wait for no report, and disturb nobody who does."""
    gave_up = [asyncio.ensure_future(unreachable.append(EVENTS, None, b"%d" % n)) for n in range(10)]
    stays = asyncio.ensure_future(unreachable.append(EVENTS, None, b"stays"))
    await asyncio.sleep(0)
    for task in gave_up:
        task.cancel()

    with pytest.raises(LogUnavailable, match=r"within 0.3 s"):
        await stays
    assert unreachable._waiting == {EVENTS: {}, REJECTED: {}}


async def test_all_that_wait_can_be_told_at_once(unreachable: KafkaLog) -> None:
    """One late record is enough to know; the other stream is not concerned."""
    events = [asyncio.ensure_future(unreachable.append(EVENTS, None, b"%d" % n)) for n in range(10)]
    refusal = asyncio.ensure_future(unreachable.append(REJECTED, None, b"r"))
    await asyncio.sleep(0)

    await asyncio.to_thread(unreachable.give_up, EVENTS, "because we say so")

    assert [str(e) for e in await asyncio.gather(*events, return_exceptions=True)] == ["because we say so"] * 10
    with pytest.raises(LogUnavailable, match=r"within 0.3 s"):
        await refusal


async def test_a_check_asks_the_brokers(unreachable: KafkaLog, kafka: KafkaBroker, topic: str) -> None:
    """No broker, no topic, a topic that works."""
    with pytest.raises(LogUnavailable, match="does not answer"):
        await unreachable.check()
    for name, trouble in ((topic, None), (f"{topic}-missing", "has no topic")):
        with closing(KafkaLog(kafka_settings(kafka.bootstrap_servers, name), on_fatal=lambda: None)) as log:
            if trouble is None:
                assert (await log.check()).log == "kafka"
            else:
                with pytest.raises(LogUnavailable, match=trouble):
                    await log.check()


def test_only_a_producer_that_failed_for_good_asks_for_a_new_process() -> None:
    """Lost connections mend themselves; a fatal error never does."""
    asked: list[str] = []
    settings = kafka_settings(f"127.0.0.1:{free_port()}")
    with closing(KafkaLog(settings, on_fatal=lambda: asked.append("now"))) as log:
        log._on_error(KafkaError(KafkaError._ALL_BROKERS_DOWN))
        assert asked == []
        log._on_error(KafkaError(KafkaError._FATAL, "fenced", True))
        assert asked == ["now"]


@pytest.mark.parametrize("wrong", ['{"no.such.property": 1}', '{"linger.ms": "soon"}', '{"acks": 1}', '{"acks'])
def test_a_property_that_cannot_be_is_told_once_before_the_port_opens(tmp_path: Path, wrong: str) -> None:
    """By one process, however many workers there were to be; not by each of them, again and again."""
    settings = {"PIXELS_KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{free_port()}", "PIXELS_KAFKA_PROPERTIES": wrong}

    done = subprocess.run(
        [PIXELS, "collect", "--port", "0", "--workers", "2"],
        env=environment(tmp_path, **settings),
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (78, "", 1)
    assert "PIXELS_KAFKA_PROPERTIES" in done.stderr
