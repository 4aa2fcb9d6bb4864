"""Where events go: the local log, or Kafka with its spool, chosen by the settings, behind one interface."""

from __future__ import annotations

from collections.abc import Callable

from collector.clock import Clock
from collector.event_log import EVENTS, NOBODY, REJECTED, EventLog, LogObserver, LogState, LogUnavailable, Stream
from collector.forwarder import Forwarder, IntoLocalLog
from collector.local_log import LocalLog, open_local_log
from pixels.config import Settings

__all__ = [
    "EVENTS",
    "REJECTED",
    "EventLog",
    "LocalLog",
    "LogUnavailable",
    "Stream",
    "check_log_settings",
    "open_local_log",
    "open_log",
]


class LocalLogAndOldSpool:
    """The embedded log, into which goes also what a spool still holds from a time when Kafka was set."""

    def __init__(self, log: LocalLog, forwarder: Forwarder) -> None:
        self._log, self._forwarder = log, forwarder
        self.append = log.append
        forwarder.start()

    async def check(self) -> LogState:
        """Do as the embedded log does."""
        return await self._log.check()

    def close(self) -> None:
        """End the forwarder, then close the embedded log."""
        self._forwarder.stop()
        self._log.close()


def open_log(
    settings: Settings, *, clock: Clock, on_fatal: Callable[[], None], observer: LogObserver = NOBODY
) -> EventLog:
    """Open the log that this worker appends to; raises `LogUnavailable`, or `ConfigurationError` for Kafka's properties.

    Call it after the fork. `on_fatal` is called, from any thread, when the log can only be mended by a new process.
    """
    if not settings.kafka_bootstrap_servers:
        log = open_local_log(settings.log_dir, clock=clock)
        into_log = IntoLocalLog(log, clock)
        return LocalLogAndOldSpool(
            log, Forwarder(settings.spool_dir, into_log, own_file=lambda: None, observer=observer)
        )
    from collector.kafka_log import KafkaLog
    from collector.spooled_log import SpooledLog

    return SpooledLog(
        KafkaLog(settings, on_fatal=on_fatal, observer=observer),
        settings.spool_dir,
        limit=settings.spool_limit_bytes,
        clock=clock,
        observer=observer,
    )


def check_log_settings(settings: Settings) -> None:
    """Raise what `open_log` would raise, before a process is forked that would have to do it."""
    if not settings.kafka_bootstrap_servers:
        open_local_log(settings.log_dir).close()
        return
    from collector.kafka_log import check_kafka_settings

    check_kafka_settings(settings)
