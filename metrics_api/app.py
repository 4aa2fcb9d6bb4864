"""The numbers over REST: the published snapshot, newest first, read-only."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import falcon.asgi
from prometheus_client import CollectorRegistry

from metrics_api.analyst_copy import AnalystCopies
from metrics_api.current_warehouse import CurrentWarehouse, OpenWarehouse
from metrics_api.description import add_description
from metrics_api.endpoints import ENDPOINTS
from metrics_api.figures import FiguresResource
from metrics_api.keys import Doorkeeper
from metrics_api.observed import Clock, MetricsPage, Observer, SnapshotFigures, utc_now
from metrics_api.paging import HeldSnapshots
from metrics_api.problems import explain_errors
from metrics_api.published import HealthResource, SnapshotResource
from metrics_api.questions import Questions
from metrics_api.rate_limit import LimitedRate
from pixels.config import ApiKey

Request = falcon.asgi.Request
Response = falcon.asgi.Response


def create_app(
    open_warehouse: OpenWarehouse,
    keys: Mapping[str, ApiKey] = MappingProxyType({}),
    memory_limit: str = "2GB",
    rate_limit: float = 0.0,
    clock: Clock = utc_now,
) -> falcon.asgi.App[Request, Response]:
    """Return the ASGI application; `open_warehouse` is called when the first request comes.

    Without `keys` whoever asks on this machine may ask for everything. `memory_limit` is of the making of analysts' copies,
    `rate_limit` the requests a second of each key, or address without one; 0: any number.
    """
    registry, doorkeeper = CollectorRegistry(auto_describe=False), Doorkeeper(keys)
    app = falcon.asgi.App(middleware=Observer(registry))
    app.add_middleware(doorkeeper)
    if rate_limit:
        app.add_middleware(LimitedRate(rate_limit, doorkeeper))
    app.req_options.keep_blank_qs_values = True
    explain_errors(app)
    current, questions, held = CurrentWarehouse(open_warehouse), Questions(), HeldSnapshots()
    app.add_middleware(questions)  # which is told of the end
    for endpoint in ENDPOINTS:
        app.add_route(endpoint.route, FiguresResource(endpoint, current, questions, held))
    app.add_route("/api/snapshot", SnapshotResource(current, AnalystCopies(memory_limit)))
    app.add_route("/api/health", HealthResource(current, held))
    add_description(app, with_keys=bool(keys))
    registry.register(SnapshotFigures(current, clock))
    app.add_route("/metrics", MetricsPage(registry))
    return app
