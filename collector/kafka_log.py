"""Kafka as the log: an idempotent producer, and a request answered only when the brokers have the record."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from threading import Thread

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from collector.event_log import LogState, LogUnavailable, Stream

logger = logging.getLogger("collector.kafka_log")

_POLL_SECONDS = 0.1
_BUFFERED_KILOBYTES = 64 * 1024

_Report = tuple["asyncio.Future[None]", KafkaError | None]


class KafkaLog:
    """Topics `topic` and `<topic>.rejected` behind the interface `EventLog`.

    Make it after the fork: librdkafka's threads do not survive one. One thread polls; the delivery reports of one
    poll go to the event loop together, because waking the loop for each would cost more than the rest of a request.
    `ack_timeout` (seconds) bounds the wait of a request; a record given up on may still arrive.
    `on_fatal` is called when the producer can never send again, and a new process is the remedy.
    """

    def __init__(self, bootstrap_servers: str, topic: str, *, ack_timeout: float, on_fatal: Callable[[], None]) -> None:
        self._topics: dict[Stream, str] = {"events_queue": topic, "events_queue_rejected": f"{topic}.rejected"}
        self._ack_timeout = ack_timeout
        self._on_fatal = on_fatal
        self._reports: list[_Report] = []
        self._closing = False
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap_servers,
                "client.id": "pixels-collector",
                "enable.idempotence": True,
                "acks": "all",
                # Nobody waits for a record after this; without it librdkafka would go on for five minutes.
                "message.timeout.ms": max(1, round(ack_timeout * 1000)),
                "linger.ms": 2,
                "queue.buffering.max.kbytes": _BUFFERED_KILOBYTES,
                "error_cb": self._on_error,
            },
            logger=logger,
        )
        self._poller = Thread(target=self._poll, name="kafka-poll", daemon=True)
        self._poller.start()

    async def append(self, stream: Stream, key: bytes | None, value: bytes) -> None:
        """Return when all in-sync replicas have the record; raise `LogUnavailable` when that is not known in time."""
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._closing:
            raise LogUnavailable("The connection to Kafka is closed")
        try:
            self._producer.produce(self._topics[stream], value, key, on_delivery=partial(self._on_delivery, stored))
        except (BufferError, KafkaException) as error:
            raise LogUnavailable(f"Kafka's producer does not take the record: {error}") from error
        try:
            async with asyncio.timeout(self._ack_timeout):
                await stored
        except TimeoutError:
            raise LogUnavailable(f"Kafka did not acknowledge the record within {self._ack_timeout:g} s") from None

    async def check(self) -> LogState:
        """Say where events go."""
        return LogState("kafka", "the topic takes events")

    def close(self) -> None:
        """Wait, at most `ack_timeout`, until what was appended is delivered; then stop polling."""
        self._closing = True
        self._poller.join()
        undelivered = self._producer.flush(self._ack_timeout)
        if undelivered:
            logger.error("kafka_log.closed_with_undelivered_records records=%d", undelivered)
        self._hand_over()

    def _poll(self) -> None:
        while not self._closing:
            self._producer.poll(_POLL_SECONDS)
            self._hand_over()

    def _on_delivery(self, stored: asyncio.Future[None], error: KafkaError | None, _: Message) -> None:
        """Note a delivery report; librdkafka calls this inside `poll` and `flush`."""
        self._reports.append((stored, error))

    def _hand_over(self) -> None:
        """Give the event loop all reports that came in, at once."""
        reports, self._reports = self._reports, []
        if reports:
            with suppress(RuntimeError):  # the event loop has ended: nobody waits for the answer any more
                reports[0][0].get_loop().call_soon_threadsafe(_answer, reports)

    def _on_error(self, error: KafkaError) -> None:
        """React to an error of the client itself; all but fatal ones librdkafka mends alone and logs."""
        if error.fatal():
            logger.critical("kafka_log.producer_failed_for_good error=%s", error)
            self._on_fatal()


def _answer(reports: Sequence[_Report]) -> None:
    """Wake every request whose record has its report; runs in the event loop."""
    for stored, error in reports:
        if stored.done():  # its request was cancelled or timed out
            continue
        if error is None:
            stored.set_result(None)
        else:
            stored.set_exception(LogUnavailable(f"Kafka did not store the record: {error.str()}"))
