"""`/metrics`: what the API was asked and how long it took, in the text formats of Prometheus; docs/api.md explains each name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from time import perf_counter

import falcon.asgi
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from metrics_api.current_warehouse import CurrentWarehouse
from metrics_api.parameters import read_parameters
from pixels import __version__
from pixels.config import ApiScope
from pixels.errors import NoSnapshot

Request = falcon.asgi.Request
Response = falcon.asgi.Response
Clock = Callable[[], datetime]

_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Observer:
    """Middleware that counts every request, by the route it took and never by what a stranger wrote."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "pixels_api_requests", "Requests answered.", ["endpoint", "method", "status"], registry=registry
        )
        self._seconds = Histogram(
            "pixels_api_request_seconds",
            "Time until the answer was ready.",
            ["endpoint"],
            registry=registry,
            buckets=_SECONDS,
        )

    async def process_request(self, req: Request, _resp: Response) -> None:
        """Note when the request came."""
        req.context.began = perf_counter()

    async def process_response(self, req: Request, resp: Response, _resource: object, _req_succeeded: bool) -> None:
        """Count the request, whatever became of it."""
        endpoint = (req.uri_template or "none").replace(":path}", "}")
        method = req.method if req.method in _METHODS else "other"
        self._requests.labels(endpoint, method, f"{resp.status_code // 100}xx").inc()
        self._seconds.labels(endpoint).observe(perf_counter() - req.context.began)


class SnapshotFigures(Collector):
    """Which snapshot is served, and how old it is; nothing while nothing is published. It reads a file."""

    def __init__(self, current: CurrentWarehouse, clock: Clock) -> None:
        self._current, self._clock = current, clock

    def collect(self) -> Iterator[Metric]:
        """Yield the version, and the figures of the newest snapshot."""
        yield InfoMetricFamily("pixels_api_build", "Version of Pixels.", {"version": __version__})
        try:
            newest = self._current().status()
        except NoSnapshot:
            return
        now = self._clock()
        for name, meaning, value in (
            ("snapshot", "Number of the snapshot that is served.", newest.snapshot),
            ("snapshot_age_seconds", "Time since its newest figure was stored.", (now - newest.as_of).total_seconds()),
            (
                "incomplete_seconds",
                "Time since complete_until: what was acknowledged later may be missing.",
                (now - newest.complete_until).total_seconds(),
            ),
        ):
            yield GaugeMetricFamily(f"pixels_api_{name}", meaning, value)


class MetricsPage:
    """GET /metrics, for whom figures are open."""

    scope: ApiScope = "figures"

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    async def on_get(self, req: Request, resp: Response) -> None:
        """Answer in the format that the reader asks for: OpenMetrics or Prometheus' own."""
        read_parameters((), req, {})
        try:
            encode, resp.content_type = choose_encoder(req.accept)
        except (TypeError, ValueError):  # a version that is no number
            encode, resp.content_type = choose_encoder("")
        resp.data = await asyncio.to_thread(encode, self._registry)
        resp.cache_control = ["no-store"]

    on_head = on_get


def utc_now() -> datetime:
    """Return the instant."""
    return datetime.now(UTC)
