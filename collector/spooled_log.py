"""Kafka with a spool beside it: an event that Kafka does not take in time is put on disk, acknowledged, and sent on later."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from collector.clock import Clock
from collector.event_log import EVENTS, NOBODY, Fate, LogObserver, LogState, LogUnavailable, RecordRefused, Stream
from collector.forwarder import Forwarder
from collector.kafka_log import KafkaLog
from collector.local_log import LocalLog, open_local_log
from collector.log_file import LogFile, Record

logger = structlog.get_logger("collector.spooled_log")


class SpooledLog:
    """Records go to Kafka while it takes them, and to the spool while it does not.

    Once Kafka failed for a stream or was late, all its records that wait go to the spool at once, and so do those that
    come: one wave of requests waits for the time-out, not every one. The forwarder tries every second; its first batch
    that arrives, or the brokers' word when nothing waits, opens the way to Kafka again, while the spool empties.
    """

    def __init__(
        self, kafka: KafkaLog, spool_dir: Path, *, limit: int, clock: Clock, observer: LogObserver = NOBODY
    ) -> None:
        self._kafka = kafka
        self._spool_dir, self._limit, self._clock = spool_dir, limit, clock
        self._observer = observer
        self._down: dict[Stream, str] = {}  # the streams that Kafka does not take now, and why
        self._spool: LocalLog | None = None
        self._no_spool = ""
        self._proven: set[Stream] = set()  # down, but Kafka has just said that it takes records; the forwarder's own
        self._closing = False
        self._own_file()
        self._observer.kafka_is(up=True)
        self._forwarder = Forwarder(spool_dir, self, own_file=self._own_file, observer=observer)
        self._forwarder.start()

    async def append(self, stream: Stream, key: bytes | None, value: bytes) -> None:
        """Return when Kafka or the spool has the record; raise `LogUnavailable` when neither takes it."""
        if self._closing:
            raise LogUnavailable("The log is closed")
        if stream not in self._down:
            try:
                await self._kafka.append(stream, key, value)
            except RecordRefused:
                raise
            except LogUnavailable as error:
                self._stop_sending(stream, str(error))
            else:
                return
        if self._spool is None:
            raise LogUnavailable(f"{self._down.get(stream, 'Kafka failed')}. {self._no_spool}")
        await self._spool.append(stream, key, value)
        self._observer.spooled()

    async def check(self) -> LogState:
        """Ask Kafka, or else prove that the spool takes a write; raise `LogUnavailable` when neither is so."""
        reason = self._down.get(EVENTS)
        if reason is None:
            try:
                return await self._kafka.check()
            except LogUnavailable as error:
                reason = str(error)
        if self._spool is None:
            raise LogUnavailable(f"{reason}. {self._no_spool}")
        await self._spool.check()
        return LogState("spool", reason)

    def close(self) -> None:
        """End the forwarder, wait for what Kafka still has to acknowledge, then commit and close the spool."""
        self._closing = True
        self._forwarder.stop()
        self._kafka.close()
        if self._spool:
            self._spool.close()

    def ready(self, stream: Stream) -> bool:
        """Tell the forwarder whether Kafka takes records of the stream, as far as it says itself."""
        self._kafka.attend()
        if stream in self._down:
            try:
                self._kafka.probe(stream)
            except LogUnavailable as error:
                self._down[stream] = str(error)
                return False
            self._proven.add(stream)
        return True

    def deliver(self, stream: Stream, records: Sequence[Record], stopped: Callable[[], bool]) -> list[Fate]:
        """Send records of the spool to Kafka; when they arrive, new ones go there as well."""
        fates = self._kafka.deliver(stream, records, stopped)
        proven = stream in self._proven
        self._proven.discard(stream)
        if Fate.FAILED in fates:
            if not stopped():
                self._stop_sending(stream, "Kafka did not store records of the spool")
        elif records or proven:
            self._send_again(stream)
        return fates

    def _stop_sending(self, stream: Stream, reason: str) -> None:
        if stream in self._down:
            return
        self._down[stream] = reason
        self._observer.kafka_is(up=False)
        self._kafka.give_up(stream, reason)
        logger.warning("spooled_log.kafka_does_not_take_records", stream=stream, reason=reason)

    def _send_again(self, stream: Stream) -> None:
        if self._down.pop(stream, None) is not None:
            logger.warning("spooled_log.kafka_takes_records_again", stream=stream)
        self._observer.kafka_is(up=not self._down)

    def _own_file(self) -> LogFile | None:
        """Return the file of the spool; one that could not be opened is tried again."""
        if self._spool is None and not self._closing:
            try:
                self._spool = open_local_log(self._spool_dir, clock=self._clock, limit=self._limit)
                self._no_spool = ""
            except LogUnavailable as error:
                if not self._no_spool:
                    logger.error("spooled_log.no_spool", reason=str(error))  # noqa: TRY400 - the message says it all
                self._no_spool = str(error)
        return self._spool.file if self._spool else None
