"""The consumer group's offsets on Kafka, which lag monitors watch. The offsets that count are in the warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from queue import SimpleQueue
from threading import Thread

import structlog
from confluent_kafka import Consumer, KafkaException, TopicPartition

GROUP = "pixels-aggregator"
Place = tuple[str, int]
"""A topic and the number of a partition."""

_LAST_ANSWER_SECONDS = 5.0
_log = structlog.get_logger()


class GroupOffsets:
    """Sets the group's offsets by a consumer of its own, in a thread of its own; no pass fails or waits because of them.

    While a commit has no answer, librdkafka ends no consumer, and from a broker that hangs none comes for as long as it does
    (confluentinc/librdkafka#3740). Then this one is left to the end of the process.
    """

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer
        self._todo: SimpleQueue[Mapping[Place, int] | None] = SimpleQueue()
        self._thread = Thread(target=self._commit, name="kafka-group-offsets", daemon=True)
        self._thread.start()

    def set(self, offsets: Mapping[Place, int]) -> None:
        """Set next offsets soon."""
        self._todo.put(offsets)

    def close(self) -> None:
        """Wait a few seconds for the last answer."""
        self._todo.put(None)
        self._thread.join(_LAST_ANSWER_SECONDS)
        if self._thread.is_alive():
            _log.warning("kafka.group_offsets_not_set", group=GROUP, why="Kafka does not answer")

    def _commit(self) -> None:
        while (offsets := self._todo.get()) is not None:
            places = [TopicPartition(topic, number, offset) for (topic, number), offset in offsets.items()]
            try:
                self._consumer.commit(offsets=places, asynchronous=False)
            except KafkaException as error:
                _log.warning("kafka.group_offsets_not_set", group=GROUP, why=str(error))
        self._consumer.close()
