"""The collector's HTTP side, wired together: pixels in, one transparent GIF out, and a reason for each refusal."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import falcon
from falcon.asgi import App

from collector.answers import PixelResponse
from collector.batch import BatchResource
from collector.clock import Clock, utc_now
from collector.contract import EVENT_TYPES, InvalidEvent, read_contract
from collector.cors import ListedOrigins
from collector.counters import Counters, private_counters
from collector.event_log import EventLog, LogUnavailable
from collector.events import EventPipeline
from collector.exact_paths import ExactPaths
from collector.faults import Faults
from collector.health import HealthResource, ReadyResource
from collector.insiders import Insiders
from collector.metrics import MetricsResource
from collector.pages import NoIcon, TextResource
from collector.pixel import PixelResource
from collector.rate_limit import LimitedRate, RateLimit
from collector.refusals import Refusals
from collector.request import PixelRequest, request_type
from pixels.config import Settings, origins

SCRIPT_CACHE_SECONDS = 3600


class ClosingLog:
    """Closes the log when the server stops, after the last answer."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    async def process_shutdown(self, scope: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        """Close the log without holding up the event loop, which still wakes the last requests."""
        await asyncio.to_thread(self._log.close)


def create_app(
    log: EventLog, settings: Settings | None = None, *, clock: Clock = utc_now, counters: Counters | None = None
) -> App[PixelRequest, PixelResponse]:
    """Return the ASGI application that appends to `log`, which it closes at shutdown.

    Without `settings` all have their defaults, whatever the environment says; without `counters` it counts for itself.
    """
    settings = settings or Settings.model_construct()
    counters = counters or private_counters()
    contract = read_contract()
    pipeline = EventPipeline(settings, contract)
    faults = Faults(counters)
    refusals = Refusals(log, counters, faults, rate=settings.reject_rate, clock=clock, contract=contract)
    insiders = Insiders(settings.metrics_networks)
    app = App(
        request_type=request_type(settings),
        response_type=PixelResponse,
        router=ExactPaths(),
        middleware=ClosingLog(log),
    )
    app.add_middleware(refusals)  # it ends before the log does: Falcon goes through them backwards then
    if settings.rate_limit:
        app.add_middleware(LimitedRate(RateLimit(settings.rate_limit)))
    if (listed := origins(settings.cors_origins)) is not None:
        app.add_middleware(ListedOrigins(listed))
    for event_type in EVENT_TYPES:
        app.add_route(
            f"/{event_type}",
            PixelResource(event_type, log, pipeline, clock, counters, max_body_bytes=settings.max_body_bytes),
        )
    batches = BatchResource(log, pipeline, clock, counters, refusals, max_body_bytes=settings.max_body_bytes)
    app.add_route("/events", batches)
    script = Path(__file__).with_name("pixels.js").read_bytes()
    app.add_route("/pixels.js", TextResource(script, falcon.MEDIA_JS, cache_seconds=SCRIPT_CACHE_SECONDS))
    app.add_route("/robots.txt", TextResource(b"User-agent: *\nDisallow: /\n", falcon.MEDIA_TEXT))
    app.add_route(
        "/",
        TextResource(b"Pixels collector: /visit, /registration, /deposit, /events, /pixels.js\n", falcon.MEDIA_TEXT),
    )
    app.add_route("/favicon.ico", NoIcon())
    app.add_route("/healthz", HealthResource())
    app.add_route("/readyz", ReadyResource(log, insiders))
    app.add_route("/metrics", MetricsResource(counters.table, clock, insiders, settings.spool_dir))
    app.add_sink(refusals.unknown_path, prefix="")
    app.add_error_handler(Exception, faults.unexpected_error)
    app.add_error_handler(LogUnavailable, faults.log_unavailable)
    app.add_error_handler(InvalidEvent, refusals.refuse)
    # Falcon knows the methods of HTTP and WebDAV; any other that the parser lets through is a "bad request" to it.
    app.add_error_handler(falcon.HTTPMethodNotAllowed, refusals.method_not_allowed)
    app.add_error_handler(falcon.HTTPBadRequest, refusals.method_not_allowed)
    return app
