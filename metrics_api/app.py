"""The numbers over REST: the published snapshot, newest first, read-only."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import falcon.asgi

from metrics_api.analyst_copy import AnalystCopies
from metrics_api.current_warehouse import CurrentWarehouse, OpenWarehouse
from metrics_api.description import add_description
from metrics_api.endpoints import ENDPOINTS
from metrics_api.figures import FiguresResource
from metrics_api.keys import Doorkeeper
from metrics_api.paging import HeldSnapshots
from metrics_api.problems import explain_errors
from metrics_api.published import HealthResource, SnapshotResource
from metrics_api.questions import Questions
from pixels.config import ApiKey

Request = falcon.asgi.Request
Response = falcon.asgi.Response


def create_app(
    open_warehouse: OpenWarehouse, keys: Mapping[str, ApiKey] = MappingProxyType({}), memory_limit: str = "2GB"
) -> falcon.asgi.App[Request, Response]:
    """Return the ASGI application; `open_warehouse` is called when the first request comes.

    Without `keys` whoever asks on this machine may ask for everything. `memory_limit` is of the making of analysts' copies.
    """
    app = falcon.asgi.App(middleware=[Doorkeeper(keys)])
    app.req_options.keep_blank_qs_values = True
    explain_errors(app)
    current, questions, held = CurrentWarehouse(open_warehouse), Questions(), HeldSnapshots()
    for endpoint in ENDPOINTS:
        app.add_route(endpoint.route, FiguresResource(endpoint, current, questions, held))
    app.add_route("/api/snapshot", SnapshotResource(current, AnalystCopies(memory_limit)))
    app.add_route("/api/health", HealthResource(current))
    add_description(app, with_keys=bool(keys))
    return app
