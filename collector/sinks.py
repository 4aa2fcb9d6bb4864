"""Where events go: the local log or Kafka, chosen by the settings, behind one interface."""

from __future__ import annotations

from collections.abc import Callable

from collector.clock import Clock
from collector.event_log import EVENTS, NOBODY, REJECTED, EventLog, LogObserver, LogUnavailable, Stream
from collector.local_log import LocalLog, open_local_log
from pixels.config import Settings

__all__ = ["EVENTS", "REJECTED", "EventLog", "LocalLog", "LogUnavailable", "Stream", "open_local_log", "open_log"]


def open_log(
    settings: Settings, *, clock: Clock, on_fatal: Callable[[], None], observer: LogObserver = NOBODY
) -> EventLog:
    """Open the log that this worker appends to; raises `LogUnavailable`.

    Call it after the fork. `on_fatal` is called, from another thread, when the log can only be mended by a new process.
    """
    if not settings.kafka_bootstrap_servers:
        return open_local_log(settings.log_dir, clock=clock)
    from collector.kafka_log import KafkaLog

    return KafkaLog(
        settings.kafka_bootstrap_servers,
        settings.kafka_topic,
        ack_timeout=settings.kafka_ack_timeout,
        on_fatal=on_fatal,
    )
