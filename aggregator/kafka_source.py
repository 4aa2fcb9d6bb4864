"""Read Kafka: both topics, every partition, up to the last stable offset as it was at the start of the pass."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby

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

from aggregator.kafka_group import GROUP, GroupOffsets, Place
from aggregator.records import BATCH_BYTES, LATEST_MS, Gap, Offsets, Origin, Slice, Stream
from pixels.config import Settings
from pixels.errors import PixelsError
from pixels.kafka import kafka_client, kafka_properties

_CONSUME_AT_ONCE = 50_000
_LOOK_EVERY_SECONDS = 0.1
_USUAL_BYTES = 512
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
    gaps: tuple[Gap, ...] = ()
    offsets: list[int] = field(default_factory=list)
    appended_at_ms: list[int] = field(default_factory=list)
    values: list[bytes | None] = field(default_factory=list)

    @property
    def left(self) -> int:
        """How many offsets are still to be read."""
        return self.end - self.next_offset

    def take(self, messages: list[Message]) -> tuple[int, int]:
        """Keep the records below the end; return how many, and how many bytes they have.

        An end that is among them moves the partition on as well: also past transaction markers, which are no records.
        """
        records = [message for message in messages if message.error() is None]
        ends = [message.offset() for message in messages if message.error() is not None]
        offsets = [message.offset() for message in records]
        kept = bisect_left(offsets, self.end)  # what was appended after the pass began is the next one's
        values: list[bytes | None] = [message.value() for message in records[:kept]]
        self.offsets += offsets[:kept]
        self.appended_at_ms += [message.timestamp()[1] for message in records[:kept]]
        self.values += values
        reached = max([self.next_offset, *ends, *(offset + 1 for offset in offsets[-1:])])
        self.next_offset = min(reached, self.end)
        return kept, sum(len(value) for value in values if value)

    def cut_slice(self) -> Slice:
        """Hand out what was kept, and start afresh."""
        times = self.appended_at_ms
        if times and not 0 <= min(times) <= max(times) <= LATEST_MS:  # a topic may keep whatever time its writers give
            times = [min(max(time_ms, 0), LATEST_MS) for time_ms in times]
        cut = Slice(
            self.source, self.number, self.stream, self.offsets, times, self.values, self.next_offset, self.gaps
        )
        self.offsets, self.appended_at_ms, self.values, self.gaps = [], [], [], ()
        return cut


class KafkaSource:
    """All partitions of the two topics behind one consumer.

    Kafka that delivers nothing for `patience` seconds is given up; while it is quiet, `stop` ends the wait.
    """

    def __init__(
        self,
        consumer: Consumer,
        group: GroupOffsets,
        partitions: Mapping[Place, _Partition],
        origins: list[Origin],
        *,
        patience: float,
        stop: Callable[[], bool],
    ) -> None:
        self._consumer, self._group, self.origins = consumer, group, origins
        self._patience, self._stop = patience, stop
        self._open = {place: partition for place, partition in partitions.items() if partition.left}
        self._touched = {place: partition for place, partition in partitions.items() if partition.gaps}
        self._places = {(partition.source, partition.number): place for place, partition in partitions.items()}
        self._usual_bytes = _USUAL_BYTES
        consumer.assign([TopicPartition(topic, n, p.next_offset) for (topic, n), p in self._open.items()])

    @property
    def left(self) -> int:
        """How many offsets are still to be read; those of transaction markers are no records."""
        return sum(partition.left for partition in self._open.values())

    def read(self, limit: int) -> list[Slice]:
        """Return the next records, a slice for each partition that moved on; fewer, or none, when the wait was ended.

        Raises KafkaUnavailable when Kafka does not deliver what it has, or says that it never will.
        """
        records, read_bytes, quiet_since = 0, 0, time.monotonic()
        while self._open and records < limit and read_bytes < BATCH_BYTES:
            messages = self._consume(min(limit - records, (BATCH_BYTES - read_bytes) // self._usual_bytes + 1))
            if messages:
                kept, size = self._take(messages)
                records, read_bytes, quiet_since = records + kept, read_bytes + size, time.monotonic()
                self._usual_bytes = max(_USUAL_BYTES, read_bytes // max(1, records))
            elif self._stop():
                break
            elif time.monotonic() - quiet_since > self._patience:
                raise KafkaUnavailable(
                    f"Kafka delivered nothing for {self._patience:g} s though {len(self._open)} partition(s) have records "
                    "left. What was read before is stored. Check the brokers, then run the pass again."
                )
            self._leave_drained()
        touched, self._touched = self._touched, {}
        return [partition.cut_slice() for partition in touched.values()]

    def mark_stored(self, offsets: Offsets) -> None:
        """Set the group's offsets, which lag monitors watch."""
        stored = {self._places[log]: offset for log, offset in offsets.items() if log in self._places}
        if stored:
            self._group.set(stored)

    def _consume(self, limit: int) -> list[Message]:
        """Wait a moment for records and ends of partitions; passing troubles are only told of."""
        messages = self._consumer.consume(min(_CONSUME_AT_ONCE, limit), timeout=_LOOK_EVERY_SECONDS)
        return [message for message in messages if (error := message.error()) is None or _is_end(error)]

    def _take(self, messages: list[Message]) -> tuple[int, int]:
        """Move each partition on by its records and its end; return how many records were kept, and their bytes."""
        records = read_bytes = 0
        for place, run in groupby(messages, key=_place_of):  # they come in long runs, and column by column is faster
            partition = self._open.get(place)
            if partition is not None:  # otherwise fetched ahead of the end this pass has already reached
                self._touched[place] = partition
                kept, size = partition.take(list(run))
                records, read_bytes = records + kept, read_bytes + size
        return records, read_bytes

    def _leave_drained(self) -> None:
        drained = [place for place, partition in self._open.items() if not partition.left]
        if drained:
            self._consumer.incremental_unassign([TopicPartition(topic, n) for topic, n in drained])
            for place in drained:
                del self._open[place]

    def close(self) -> None:
        """Leave the brokers."""
        self._group.close()
        self._consumer.close()


def _place_of(message: Message) -> Place:
    return message.topic(), message.partition()


def _is_end(error: KafkaError) -> bool:
    """Whether this says that a partition ends here; raises KafkaUnavailable for what will not pass by itself."""
    code = error.code()
    if code == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the library's public constant
        return True
    if code == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001
        raise KafkaUnavailable(
            f"Kafka deleted records while they were read ({error.str()}). What was read before is stored. Run the pass "
            "again: it says how many were lost and goes on behind them."
        )
    if error.fatal() or not (error.retriable() or code in _PASSING):
        raise KafkaUnavailable(f"Kafka answered: {error.str()}. Check the brokers, then run the pass again.")
    _log.warning("kafka.trouble", error=error.str())
    return False


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
_GROUP = {"group.id": GROUP, "enable.auto.commit": False}
_READING = {
    **_GROUP,
    "auto.offset.reset": "error",
    "enable.partition.eof": True,
    "isolation.level": "read_committed",
    "queued.min.messages": 1_000_000,
    "queued.max.messages.kbytes": 131_072,  # read ahead while a batch is stored; counted without the library's own share
    "fetch.message.max.bytes": 16 * 1024 * 1024,
    "fetch.wait.max.ms": 50,
}


def open_kafka_source(settings: Settings, stored: Offsets, *, stop: Callable[[], bool] = lambda: False) -> KafkaSource:
    """Find both topics' identity and last stable offsets, and start reading where the stored offsets say.

    Raises KafkaUnavailable when the brokers do not answer or a topic is missing, OffsetBeyondEnd when a topic is
    shorter than what was already stored from it, ConfigurationError when PIXELS_KAFKA_PROPERTIES cannot be used.
    """
    heard: list[KafkaError] = []
    admin = kafka_client(AdminClient, kafka_properties(settings, {**_CONNECTION, "error_cb": heard.append}))
    streams: dict[str, Stream] = {settings.kafka_topic: "events", f"{settings.kafka_topic}.rejected": "refusals"}
    try:
        within = min(_ADMIN_SECONDS, settings.kafka_read_timeout)
        sources = _sources(admin, list(streams), within)
        first, end = (_offsets(admin, sources, spec, within) for spec in (OffsetSpec.earliest(), OffsetSpec.latest()))
    except KafkaException as error:
        # What went wrong with the connections is handed over here: a time-out alone does not tell of a wrong TLS key.
        admin.poll(0)
        reasons = dict.fromkeys(e.str() for e in (error.args[0], *heard[:1]))
        raise KafkaUnavailable(
            f"Kafka at {settings.kafka_bootstrap_servers} did not answer as needed: {'; '.join(reasons)}. "
            f"Check that the brokers run and that the topics {' and '.join(streams)} exist (deploy/kafka/start makes them)."
        ) from error
    partitions = _partitions(streams, sources, first, end, stored)
    consumer, group = (
        kafka_client(Consumer, kafka_properties(settings, {**_CONNECTION, **own})) for own in (_READING, _GROUP)
    )
    origins = [Origin(source, f"kafka:{topic}") for (topic, _), source in sources.items()]
    return KafkaSource(
        consumer,
        GroupOffsets(group),
        partitions,
        list(dict.fromkeys(origins)),
        patience=settings.kafka_read_timeout,
        stop=stop,
    )


def _sources(admin: AdminClient, topics: list[str], within: float) -> dict[Place, str]:
    """Return what names the topic of each partition for ever: a topic that is made anew has another id."""
    described = admin.describe_topics(TopicCollection(topics), request_timeout=within)
    cluster = admin.describe_cluster(request_timeout=within).result().cluster_id
    found = {name: future.result() for name, future in described.items()}
    return {
        (name, p.id): f"kafka:{cluster}:{topic.topic_id}" for name, topic in found.items() for p in topic.partitions
    }


def _partitions(
    streams: Mapping[str, Stream],
    sources: Mapping[Place, str],
    first: Mapping[Place, int],
    end: Mapping[Place, int],
    stored: Offsets,
) -> dict[Place, _Partition]:
    """Say of each partition where to begin, what is missing before that, and where it ends."""
    partitions = {}
    for (topic, number), source in sources.items():
        place = (topic, number)
        start = stored.get((source, number), 0)
        if start > end[place]:
            raise _beyond_end(topic, number, start, end[place])
        gaps = (Gap(source, number, start, first[place]),) if start < first[place] else ()
        partitions[place] = _Partition(source, streams[topic], number, max(start, first[place]), end[place], gaps)
    return partitions


def _offsets(admin: AdminClient, places: Iterable[Place], spec: OffsetSpec, within: float) -> dict[Place, int]:
    """Return offsets as a reader of committed transactions sees them: `latest` is the last stable offset."""
    wanted = {TopicPartition(topic, number): spec for topic, number in places}
    answers = admin.list_offsets(wanted, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=within)
    return {(place.topic, place.partition): future.result().offset for place, future in answers.items()}


def _beyond_end(topic: str, partition: int, start: int, end: int) -> OffsetBeyondEnd:
    return OffsetBeyondEnd(
        f"Topic {topic}, partition {partition}, ends at offset {end}, but everything below {start} was already "
        "stored from it: the brokers lost records (restored from an older copy, or an unclean leader election). "
        "Nothing was read, and what is stored stays right. Bring the newer copy of the topic back; if it is lost, make "
        "the topic anew: it is then read from its beginning, and events that were counted count once."
    )
