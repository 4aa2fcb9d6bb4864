"""`/metrics`: what the collector counted, in the text formats of Prometheus; docs/operations.md explains each name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any, cast

import falcon
from falcon.asgi import Response
from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from collector.clock import Clock, unix_milliseconds
from collector.contract import InvalidEvent
from collector.counters import SECONDS, CounterTable, Totals
from collector.insiders import Insiders
from collector.request import PixelRequest
from collector.spool import Spooled, spooled_in
from pixels import __version__

_PREFIX = "pixels_collector_"


class CollectorMetrics(Collector):
    """The totals over all workers, and what the spool holds, as Prometheus' metrics, read anew each time somebody asks."""

    def __init__(self, table: CounterTable, clock: Clock, spool_dir: Path) -> None:
        self._table, self._clock, self._spool_dir = table, clock, spool_dir

    def collect(self) -> Iterator[Metric]:
        """Yield every metric, those that are still nought too, so that an alert on one can be written before it happens.

        It reads files, so it belongs into a thread.
        """
        totals = self._table.totals()
        yield InfoMetricFamily("pixels_collector_build", "Version of Pixels.", {"version": __version__})
        yield from _events(totals)
        yield from _refusals(totals)
        yield from _log(totals)
        yield from _spool(spooled_in(self._spool_dir), unix_milliseconds(self._clock()))
        yield from _workers(totals)


class MetricsResource:
    """GET and HEAD on /metrics, for insiders; to anybody else there is no such path."""

    def __init__(self, table: CounterTable, clock: Clock, insiders: Insiders, spool_dir: Path) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(CollectorMetrics(table, clock, spool_dir))
        self._insiders = insiders
        self._one_at_a_time = asyncio.Lock()  # a disk that hangs takes one thread and not all: `/readyz` needs one too

    async def on_get(self, req: PixelRequest, resp: Response) -> None:
        """Answer in the format that the reader asks for: OpenMetrics or Prometheus' own."""
        if not self._insiders.include(req):
            raise InvalidEvent("unknown_path", req.path)
        try:
            encode, resp.content_type = choose_encoder(req.accept)
        except (TypeError, ValueError):  # a version that is no number
            encode, resp.content_type = choose_encoder("")
        async with self._one_at_a_time:
            resp.data = await asyncio.to_thread(encode, self._registry)
        resp.cache_control = ["no-store"]

    async def on_other(self, req: PixelRequest, resp: Response) -> None:
        """Refuse other methods, and tell an outsider no more by that than by GET."""
        if not self._insiders.include(req):
            raise InvalidEvent("unknown_path", req.path)
        raise falcon.HTTPMethodNotAllowed(["GET", "HEAD"])

    on_head = on_get
    on_options = on_post = on_put = on_patch = on_delete = on_other


def _events(totals: Totals) -> Iterator[Metric]:
    yield _counter_by(
        "events_accepted", "Events that were durable before they were answered.", "event_type", totals.accepted
    )
    yield _counter(
        "requests_not_stored", "Requests answered 503: nothing could store the event or refusal.", totals.not_stored
    )
    yield _counter("requests_failed", "Requests answered 500: a fault of the collector.", totals.failed)
    histogram = HistogramMetricFamily(
        f"{_PREFIX}acknowledge_seconds", "Time from a valid event to its being durable in log or spool."
    )
    bounds = [*map(str, SECONDS), "+Inf"]
    histogram.add_metric([], list(zip(bounds, accumulate(totals.seconds), strict=True)), totals.seconds_sum)
    yield histogram


def _refusals(totals: Totals) -> Iterator[Metric]:
    yield _counter_by("refusals", "Requests and batch items that did not become an event.", "reason", totals.refused)
    yield _counter_by(
        "refusals_not_kept",
        "Those of them that were not kept each: above PIXELS_REJECT_RATE, or for a reason that keeps nothing.",
        "reason",
        totals.not_kept,
    )


def _log(totals: Totals) -> Iterator[Metric]:
    yield _counter("events_spooled", "Records that went to the spool because Kafka did not take them.", totals.spooled)
    yield _counter("events_forwarded", "Records that went on from the spool.", totals.forwarded)
    yield _counter("kafka_errors", "Failed deliveries, and errors of Kafka's client.", totals.kafka_errors)
    if totals.kafka_up is not None:
        yield _gauge(
            "kafka_up",
            "1: every worker's events go to Kafka; 0: those of one at least go to the spool.",
            totals.kafka_up,
        )


def _spool(spooled: Spooled, now_ms: int) -> Iterator[Metric]:
    yield _gauge("spool_records", "Records that wait in all files of the spool that can be read.", spooled.records)
    age_ms = 0 if spooled.oldest_ms is None else max(0, now_ms - spooled.oldest_ms)
    yield _gauge(
        "spool_age_seconds", "How long the oldest record of the spool has waited; 0: none waits.", age_ms / 1000
    )
    yield _gauge(
        "spool_unreadable_files",
        "Files of the spool that cannot be read; what waits in them is not in the other figures.",
        spooled.unreadable_files,
    )


def _workers(totals: Totals) -> Iterator[Metric]:
    yield _gauge("workers", "Worker processes that run.", totals.workers)
    yield _counter("worker_starts", "Worker processes that were started, the first ones too.", totals.worker_starts)


def _counter(name: str, meaning: str, value: int) -> Metric:
    return CounterMetricFamily(_PREFIX + name, meaning, value)


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(_PREFIX + name, meaning, value)


def _counter_by(name: str, meaning: str, label: str, values: Mapping[Any, int]) -> Metric:
    family = CounterMetricFamily(_PREFIX + name, meaning, labels=[label])
    for value, count in values.items():
        family.add_metric([value], count)
    return cast("Metric", family)
