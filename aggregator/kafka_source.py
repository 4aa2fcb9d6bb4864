"""Read Kafka: both topics, every partition, up to the last stable offset as it was at the start of the pass."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog
from confluent_kafka import (
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Message,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec

from aggregator.records import Offsets, Slice, Stream
from pixels.config import Settings
from pixels.errors import PixelsError
from pixels.kafka import kafka_client, kafka_properties

_CONSUME_AT_ONCE = 50_000
_QUIET_SECONDS = 60.0
_ADMIN_SECONDS = 15.0
_log = structlog.get_logger()


class KafkaUnavailable(PixelsError):
    """Kafka could not be read; nothing was lost or stored, the next pass goes on."""

    exit_code = 69


class OffsetBeyondEnd(PixelsError):
    """The stored offset lies beyond the topic's end: the topic lost records that were already stored."""

    exit_code = 74


@dataclass
class _Partition:
    """One partition's way to its end."""

    source: str
    stream: Stream
    number: int
    next_offset: int
    end: int
    offsets: list[int] = field(default_factory=list)
    appended_at_ms: list[int] = field(default_factory=list)
    values: list[bytes | None] = field(default_factory=list)

    @property
    def drained(self) -> bool:
        return self.next_offset >= self.end

    def take(self, message: Message) -> int:
        """Keep a record below the end; return how many were kept."""
        offset = message.offset()
        if offset >= self.end:  # appended after the pass began: the next pass has it
            self.next_offset = self.end
            return 0
        self.offsets.append(offset)
        self.appended_at_ms.append(message.timestamp()[1])
        self.values.append(message.value())
        self.next_offset = offset + 1
        return 1

    def cut_slice(self) -> Slice:
        """Hand out what was kept, and start afresh."""
        cut = Slice(
            self.source, self.number, self.stream, self.offsets, self.appended_at_ms, self.values, self.next_offset
        )
        self.offsets, self.appended_at_ms, self.values = [], [], []
        return cut


class KafkaSource:
    """All partitions of the two topics behind one consumer."""

    def __init__(self, consumer: Consumer, partitions: Mapping[tuple[str, int], _Partition]) -> None:
        self._consumer = consumer
        self._open = {key: partition for key, partition in partitions.items() if not partition.drained}
        self._read: dict[tuple[str, int], int] = {}
        consumer.assign([TopicPartition(topic, n, p.next_offset) for (topic, n), p in self._open.items()])

    def read(self, limit: int) -> list[Slice]:
        """Return the next records, a slice for each partition that moved on."""
        touched: dict[tuple[str, int], _Partition] = {}
        kept, quiet_since = 0, time.monotonic()
        while self._open and kept < limit:
            messages = self._consumer.consume(min(_CONSUME_AT_ONCE, limit - kept), timeout=1.0)
            if messages:
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since > _QUIET_SECONDS:
                raise KafkaUnavailable(
                    f"Kafka delivered nothing for {_QUIET_SECONDS:.0f} s though {len(self._open)} partition(s) have "
                    "records left. What was read before is stored. Check the brokers, then run the pass again."
                )
            kept += sum(self._take(message, touched) for message in messages)
            self._leave_drained()
        self._read |= {key: partition.next_offset for key, partition in touched.items()}
        return [partition.cut_slice() for partition in touched.values()]

    def mark_stored(self) -> None:
        """Set the group's offsets, which lag monitors watch."""
        if self._read:
            offsets = [TopicPartition(topic, n, offset) for (topic, n), offset in self._read.items()]
            self._consumer.commit(offsets=offsets, asynchronous=True)
            self._read = {}

    def _take(self, message: Message, touched: dict[tuple[str, int], _Partition]) -> int:
        error = message.error()
        if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - the library's public constant
            if error.fatal() or not (error.retriable() or error.code() in _PASSING):
                raise KafkaUnavailable(f"Kafka answered: {error.str()}. Check the brokers, then run the pass again.")
            _log.warning("kafka.trouble", error=error.str())
            return 0
        key = (message.topic(), message.partition())
        partition = self._open.get(key)
        if partition is None:  # fetched ahead of the end this pass has already reached
            return 0
        touched[key] = partition
        if error is not None:  # end of partition: also past transaction markers, which are no messages
            partition.next_offset = max(partition.next_offset, min(message.offset(), partition.end))
            return 0
        return partition.take(message)

    def _leave_drained(self) -> None:
        drained = [key for key, partition in self._open.items() if partition.drained]
        if drained:
            self._consumer.incremental_unassign([TopicPartition(topic, n) for topic, n in drained])
            for key in drained:
                del self._open[key]

    def close(self) -> None:
        """Leave the brokers."""
        self._consumer.close()


_PASSING = (
    KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001 - the library's public constant
    KafkaError._TRANSPORT,  # noqa: SLF001
    KafkaError._RESOLVE,  # noqa: SLF001
    KafkaError._TIMED_OUT,  # noqa: SLF001
)


_CONNECTION = {
    "reconnect.backoff.ms": 250,
    "log_level": 2,  # what goes wrong arrives as an error, once, instead of a line for every attempt
}
_READING = {
    "group.id": "pixels-aggregator",  # for lag monitors; the offsets that count are in the warehouse
    "enable.auto.commit": False,
    "auto.offset.reset": "error",
    "enable.partition.eof": True,
    "isolation.level": "read_committed",
    "queued.min.messages": 1_000_000,
    "queued.max.messages.kbytes": 262_144,
    "fetch.message.max.bytes": 16 * 1024 * 1024,
    "fetch.wait.max.ms": 50,
}


def open_kafka_source(settings: Settings, stored: Offsets) -> KafkaSource:
    """Find both topics' identity and last stable offsets, and start reading where the stored offsets say.

    Raises KafkaUnavailable when the brokers do not answer or a topic is missing, OffsetBeyondEnd when a topic is
    shorter than what was already stored from it, ConfigurationError when PIXELS_KAFKA_PROPERTIES cannot be used.
    """
    heard: list[KafkaError] = []
    admin = kafka_client(AdminClient, kafka_properties(settings, {**_CONNECTION, "error_cb": heard.append}))
    streams: dict[str, Stream] = {settings.kafka_topic: "events", f"{settings.kafka_topic}.rejected": "refusals"}
    try:
        partitions = _partitions(admin, streams, stored)
    except KafkaException as error:
        # What went wrong with the connections is handed over here: a time-out alone does not tell of a wrong TLS key.
        admin.poll(0)
        reasons = dict.fromkeys(e.str() for e in (error.args[0], *heard[:1]))
        raise KafkaUnavailable(
            f"Kafka at {settings.kafka_bootstrap_servers} did not answer as needed: {'; '.join(reasons)}. "
            f"Check that the brokers run and that the topics {' and '.join(streams)} exist (deploy/kafka/start makes them)."
        ) from error
    consumer = kafka_client(Consumer, kafka_properties(settings, {**_CONNECTION, **_READING}))
    return KafkaSource(consumer, partitions)


def _partitions(
    admin: AdminClient, streams: Mapping[str, Stream], stored: Offsets
) -> dict[tuple[str, int], _Partition]:
    described = admin.describe_topics(TopicCollection(list(streams)), request_timeout=_ADMIN_SECONDS)
    topics = {name: future.result() for name, future in described.items()}
    cluster = admin.describe_cluster(request_timeout=_ADMIN_SECONDS).result().cluster_id
    places = [TopicPartition(name, p.id) for name, topic in topics.items() for p in topic.partitions]
    first = _offsets(admin, places, OffsetSpec.earliest())
    end = _offsets(admin, places, OffsetSpec.latest())
    partitions = {}
    for topic, number in end:
        source = f"kafka:{cluster}:{topics[topic].topic_id}"
        start = stored.get((source, number), first[topic, number])
        _check(topic, number, start, first[topic, number], end[topic, number])
        start = max(start, first[topic, number])
        partitions[topic, number] = _Partition(source, streams[topic], number, start, end[topic, number])
    return partitions


def _offsets(admin: AdminClient, places: list[TopicPartition], spec: OffsetSpec) -> dict[tuple[str, int], int]:
    """Return offsets as a reader of committed transactions sees them: `latest` is the last stable offset."""
    answers = admin.list_offsets(
        dict.fromkeys(places, spec), isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=_ADMIN_SECONDS
    )
    return {(place.topic, place.partition): future.result().offset for place, future in answers.items()}


def _check(topic: str, partition: int, start: int, first: int, end: int) -> None:
    if start > end:
        raise OffsetBeyondEnd(
            f"Topic {topic}, partition {partition}, ends at offset {end}, but everything below {start} was already "
            "stored from it: the brokers lost records (restored from an older copy, or an unclean leader election). "
            "Nothing was read. What is stored stays right."
        )
    if start < first:
        _log.error(
            "kafka.gap", topic=topic, partition=partition, stored_up_to=start, log_begins_at=first, lost=first - start
        )
