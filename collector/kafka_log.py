"""Kafka as the log: an idempotent producer, and a request answered only when the brokers have the record."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from threading import Lock
from typing import Any

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from collector.event_log import (
    EVENTS,
    NOBODY,
    STREAMS,
    Fate,
    LogObserver,
    LogState,
    LogUnavailable,
    RecordRefused,
    Stream,
)
from collector.log_file import Record
from pixels.config import Settings
from pixels.kafka import kafka_client, kafka_properties

logger = structlog.get_logger("collector.kafka_log")

PROPERTIES: Mapping[str, Any] = {
    "client.id": "pixels-collector",
    "enable.idempotence": True,
    "acks": "all",
    "linger.ms": 1,
    "batch.size": 128 * 1024,  # far below what any topic takes at once
    "queue.buffering.max.kbytes": 64 * 1024,
    # The defaults wait up to a minute for a broker that hangs and 10 s before they look for one that is back.
    "socket.timeout.ms": 5_000,
    "socket.connection.setup.timeout.ms": 5_000,
    "reconnect.backoff.ms": 100,
    "reconnect.backoff.max.ms": 1_000,
    "retry.backoff.max.ms": 500,
    "socket.keepalive.enable": True,
    "log_level": 2,  # a night without Kafka is told in one line, by whoever decides where events go meanwhile
}
SHORTEST_TIMEOUT_MS = 100

_TICK_SECONDS = 0.001
_SWEEP_SECONDS = 0.1
_WAIT_SECONDS = 0.05
_FRESH_SECONDS = 2.0
_PROBE_SECONDS = 1.0

_REFUSALS = frozenset((KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_MSG_SIZE, KafkaError.INVALID_RECORD))
"""Errors that are the record's own; every other is Kafka's, and passes."""

_Answer = tuple["asyncio.Future[None]", Stream, KafkaError | None]


class KafkaLog:
    """Topics `topic` and `<topic>.rejected` behind the interface `EventLog`, and `deliver` for the forwarder's thread.

    Make it after the fork: librdkafka's threads do not survive one. The event loop itself polls the producer, every
    millisecond while a request waits: a thread that polls would have to win the interpreter from the loop for every
    report. One look at the oldest requests now and then takes the place of a timer for each.
    `on_fatal` is called when the producer can never send again, and a new process is the remedy.
    """

    def __init__(self, settings: Settings, *, on_fatal: Callable[[], None], observer: LogObserver = NOBODY) -> None:
        self._topics: dict[Stream, str] = dict(
            zip(STREAMS, (settings.kafka_topic, f"{settings.kafka_topic}.rejected"), strict=True)
        )
        self._ack_timeout = settings.kafka_ack_timeout
        self._on_fatal = on_fatal
        self._observer = observer
        self._waiting: dict[Stream, dict[asyncio.Future[None], float]] = {stream: {} for stream in STREAMS}
        self._answers: deque[_Answer] = deque()  # appended by whoever polls, taken by the event loop
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ticking = False
        self._next_sweep = 0.0
        self._delivered_at = -_FRESH_SECONDS  # on the event loop's clock
        self._one_counts = Lock()
        self._last_error = ""
        self._closing = False
        self._producer = _producer(settings, {"error_cb": self._on_error}, logging.getLogger("librdkafka"))

    async def append(self, stream: Stream, key: bytes | None, value: bytes) -> None:
        """Return when all in-sync replicas have the record; raise `LogUnavailable` when that is not known in time.

        Raises `RecordRefused` when Kafka will never take it. A record that was given up on may still arrive.
        """
        if self._closing:
            raise LogUnavailable("The connection to Kafka is closed")
        loop = asyncio.get_running_loop()
        stored = loop.create_future()
        self._produce(stream, key, value, partial(self._on_answer, stored, stream))
        self._waiting[stream][stored] = loop.time() + self._ack_timeout
        if not self._ticking:
            self._loop, self._ticking = loop, True
            loop.call_later(_TICK_SECONDS, self._tick)
        await stored

    def give_up(self, stream: Stream, reason: str) -> None:
        """Tell all requests that wait for the stream, at once, that Kafka does not answer; any thread may call it."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the event loop has ended: nobody waits any more
                self._loop.call_soon_threadsafe(self._fail, self._waiting[stream], reason)

    def deliver(self, stream: Stream, records: Sequence[Record], stopped: Callable[[], bool]) -> list[Fate]:
        """Hand records to Kafka and return what became of each; FAILED for those unknown when `stopped` says so.

        Blocks; for a thread of its own.
        """
        fates: dict[int, Fate] = {}

        def report(number: int, error: KafkaError | None, _: Message) -> None:
            fates[number] = self._fate(error)

        for number, record in enumerate(records):
            try:
                self._produce(stream, record.key, record.value, partial(report, number))
            except LogUnavailable as error:
                fates[number] = Fate.REFUSED if isinstance(error, RecordRefused) else Fate.FAILED
        while len(fates) < len(records) and not (stopped() or self._closing):
            self._poll(_WAIT_SECONDS)
        return [fates.get(number, Fate.FAILED) for number in range(len(records))]

    def attend(self) -> None:
        """Hear what Kafka's client has to say; for times in which no request waits."""
        self._poll(0)

    def probe(self, stream: Stream) -> None:
        """Ask the brokers whether all partitions of the stream have a leader; raise `LogUnavailable` if not. Blocks."""
        topic = self._topics[stream]
        try:
            found = self._producer.list_topics(topic, timeout=_PROBE_SECONDS).topics[topic]
        except KafkaException as error:
            self.attend()
            raise LogUnavailable(f"Kafka does not answer: {self._last_error or error.args[0].str()}") from error
        self._last_error = ""  # what the client had to say is over
        if found.error is not None:
            raise LogUnavailable(f"Kafka has no topic {topic} for us: {found.error.str()}")
        if headless := [p.id for p in found.partitions.values() if p.leader < 0]:
            raise LogUnavailable(f"Kafka has no leader for partitions {headless} of {topic}")

    async def check(self) -> LogState:
        """Say that events go to Kafka: one arrived a moment ago, or every partition has a leader."""
        if asyncio.get_running_loop().time() - self._delivered_at > _FRESH_SECONDS:
            await asyncio.to_thread(self.probe, EVENTS)
        return LogState("kafka", f"topic {self._topics[EVENTS]} takes events")

    def close(self) -> None:
        """Wait, at most the time-out, until what requests wait for is delivered; what is not then fails."""
        self._closing = True
        if any(self._waiting.values()):
            undelivered = self._producer.flush(self._ack_timeout)
            if undelivered:
                logger.error("kafka_log.closed_with_undelivered_records", records=undelivered)
            self._hand_over()

    def _produce(
        self, stream: Stream, key: bytes | None, value: bytes, report: Callable[[KafkaError | None, Message], None]
    ) -> None:
        try:
            self._producer.produce(self._topics[stream], value, key, on_delivery=report)
        except BufferError as error:
            raise LogUnavailable(f"Kafka's producer does not take the record: {error}") from error
        except KafkaException as error:
            kind = RecordRefused if error.args[0].code() in _REFUSALS else LogUnavailable
            raise kind(f"Kafka's producer does not take the record: {error.args[0].str()}") from error

    def _tick(self) -> None:
        """Poll, answer the requests whose report has come or is late, and go on while others wait."""
        loop = asyncio.get_running_loop()
        try:
            self._producer.poll(0)
            self._answer()
            now = loop.time()
            if now >= self._next_sweep:
                self._next_sweep = now + _SWEEP_SECONDS
                self._sweep(now)
        finally:
            self._ticking = any(self._waiting.values())
            if self._ticking:
                loop.call_later(_TICK_SECONDS, self._tick)

    def _poll(self, seconds: float) -> None:
        """Serve reports outside of the event loop, which is told of those that are its own."""
        self._producer.poll(seconds)
        self._hand_over()

    def _hand_over(self) -> None:
        if self._answers and self._loop is not None:
            with suppress(RuntimeError):  # the event loop has ended: nobody waits for the answer any more
                self._loop.call_soon_threadsafe(self._answer)

    def _on_answer(self, stored: asyncio.Future[None], stream: Stream, error: KafkaError | None, _: Message) -> None:
        self._answers.append((stored, stream, error))

    def _answer(self) -> None:
        """Wake every request whose record has its report; runs in the event loop."""
        delivered = False
        while self._answers:
            stored, stream, error = self._answers.popleft()
            self._waiting[stream].pop(stored, None)
            fate = self._fate(error)
            delivered = delivered or error is None
            if stored.done():  # its request was cancelled, or given up on
                continue
            if error is None:
                stored.set_result(None)
            else:
                kind = RecordRefused if fate is Fate.REFUSED else LogUnavailable
                stored.set_exception(kind(f"Kafka did not store the record: {error.str()}"))
        if delivered:
            self._delivered_at = asyncio.get_running_loop().time()

    def _sweep(self, now: float) -> None:
        """Give up on the requests that have waited for too long: the first ones, since all wait equally long."""
        for waiting in self._waiting.values():
            late = []
            for stored, deadline in waiting.items():
                if deadline > now:
                    break
                late.append(stored)
            for stored in late:
                del waiting[stored]
                if not stored.done():
                    stored.set_exception(
                        LogUnavailable(f"Kafka did not acknowledge the record within {self._ack_timeout:g} s")
                    )

    def _fate(self, error: KafkaError | None) -> Fate:
        if error is None:
            return Fate.DELIVERED
        self._count_error()
        return Fate.REFUSED if error.code() in _REFUSALS else Fate.FAILED

    def _fail(self, waiting: dict[asyncio.Future[None], float], reason: str) -> None:
        for stored in waiting:
            if not stored.done():
                stored.set_exception(LogUnavailable(reason))
        waiting.clear()

    def _count_error(self) -> None:
        with self._one_counts:  # the event loop and the forwarder both poll
            self._observer.kafka_error()

    def _on_error(self, error: KafkaError) -> None:
        """React to an error of the client itself; all but fatal ones librdkafka mends alone."""
        self._last_error = error.str()
        self._count_error()
        if error.fatal():
            logger.critical("kafka_log.producer_failed_for_good", error=error.str())
            self._on_fatal()


def check_kafka_settings(settings: Settings) -> None:
    """Raise `ConfigurationError` when librdkafka does not take its properties. Leaves no thread behind, so one may fork."""
    _producer(settings, {}, logging.getLogger("librdkafka"))


def _producer(settings: Settings, own: Mapping[str, Any], log: logging.Logger) -> Producer:
    # Nobody waits for a record after this; without it librdkafka would go on for five minutes.
    timeout = max(SHORTEST_TIMEOUT_MS, round(settings.kafka_ack_timeout * 1000))
    properties = kafka_properties(settings, {**PROPERTIES, **own, "message.timeout.ms": timeout})
    return kafka_client(Producer, properties, logger=log)
