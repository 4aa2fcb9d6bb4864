"""The numbers over REST: the published snapshot, newest first, read-only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import falcon
import falcon.asgi
import msgspec

from metrics_api.analyst_copy import AnalystCopies, file_stamp
from metrics_api.current_warehouse import CurrentWarehouse, OpenWarehouse
from metrics_api.keys import Doorkeeper
from metrics_api.problems import WrongParameter, nothing_published, refuse_parameter, write_problem
from pixels import Warehouse, __version__
from pixels.config import ApiKey, ApiScope
from pixels.errors import BadParameter, NoSnapshot
from pixels.period import parse_period
from pixels.pointer import MEDIA_DUCKDB, LastCheck, utc_text

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
    app.set_error_serializer(write_problem)
    app.add_error_handler(BadParameter, refuse_parameter)
    app.add_error_handler(NoSnapshot, nothing_published)
    current = CurrentWarehouse(open_warehouse)
    app.add_route("/api/metrics", MetricsResource(current))
    app.add_route("/api/snapshot", SnapshotResource(current, AnalystCopies(memory_limit)))
    app.add_route("/api/health", HealthResource(current))
    return app


class MetricsResource:
    """GET /api/metrics?from=2026-11-01&to=2026-11-21: daily counts by event type, days inclusive at both ends.

    400 with a problem document that names the parameter when a date is wrong, missing or repeated, or a parameter
    unknown; 503 while nothing is published. The ETag changes with the snapshot.
    """

    scope: ApiScope = "figures"

    def __init__(self, current: CurrentWarehouse) -> None:
        self._current = current

    async def on_get(self, req: Request, resp: Response) -> None:
        """Answer with the counts, or 304 when the client has them."""
        parameters = _parameters(req, ("from", "to"))
        period = parse_period(parameters["from"], parameters["to"], names=("from", "to"))
        warehouse = await asyncio.to_thread(self._current)
        resp.cache_control = ["no-cache"]
        resp.etag = _etag(warehouse)
        if _client_has(req, resp.etag):
            resp.status = falcon.HTTP_NOT_MODIFIED
            return
        counts = await asyncio.to_thread(warehouse.metrics, period.start, period.end)
        content = {
            "from": period.start,
            "to": period.end,
            "time_zone": warehouse.time_zone,
            "as_of": utc_text(warehouse.as_of),
            "snapshot": warehouse.snapshot,
            "rows": counts.to_dicts(),
        }
        _answer(resp, content, is_demo=warehouse.is_demo)

    on_head = on_get


class SnapshotResource:
    """GET /api/snapshot: what is published, as JSON; with `Accept: application/vnd.duckdb` the snapshot itself.

    That is a DuckDB file with all tables, but without addresses, user agents and what refused requests said: what
    `pixels.open("https://...")` fetches. It has an ETag. 503 while nothing is published.
    """

    scope: ApiScope = "analyst"

    def __init__(self, current: CurrentWarehouse, copies: AnalystCopies) -> None:
        self._current, self._copies = current, copies

    async def on_get(self, req: Request, resp: Response) -> None:
        """Answer with the pointer or the file, or 304 when the client has it."""
        _parameters(req, ())
        warehouse = await asyncio.to_thread(self._current)
        wants_file = req.client_prefers([falcon.MEDIA_JSON, MEDIA_DUCKDB]) == MEDIA_DUCKDB
        resp.cache_control, resp.vary = ["no-cache"], ["Accept", "Authorization"]
        if not wants_file:
            resp.content_type, resp.data = falcon.MEDIA_JSON, msgspec.json.encode(warehouse.status())
            resp.cache_control = ["no-store"]
            return
        resp.etag = _etag(warehouse, await asyncio.to_thread(file_stamp, warehouse.file))
        if _client_has(req, resp.etag):
            resp.status = falcon.HTTP_NOT_MODIFIED
            return
        copy = await asyncio.to_thread(self._copies.of, warehouse, resp.etag)
        resp.content_type = MEDIA_DUCKDB
        resp.set_stream(_in_threads(copy.pieces()), copy.size)


async def _in_threads(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(next, pieces, b""):
        yield piece


class HealthResource:
    """GET /api/health: which snapshot is served and how complete it is; 503 while nothing is published."""

    def __init__(self, current: CurrentWarehouse) -> None:
        self._current = current

    async def on_get(self, req: Request, resp: Response) -> None:
        """Answer with the newest pointer."""
        _parameters(req, ())
        warehouse = await asyncio.to_thread(self._current)
        newest = warehouse.status()
        resp.cache_control = ["no-store"]
        content = {
            "status": "ok",
            "snapshot": newest.snapshot,
            "as_of": utc_text(newest.as_of),
            "complete_until": utc_text(newest.complete_until),
            "last_pass_at": utc_text(newest.last_pass_at),
            "last_check": newest.last_check and _check(newest.last_check),
        }
        _answer(resp, content, is_demo=newest.is_demo)

    on_head = on_get


def _check(check: LastCheck) -> dict[str, Any]:
    return {
        "checked_at": utc_text(check.checked_at),
        "snapshot": check.snapshot,
        "equal": check.equal,
        "differences": check.differences,
    }


def _parameters(req: Request, names: tuple[str, ...]) -> dict[str, str]:
    """Return the query parameters, each of `names` once and no other."""
    given: dict[str, str] = {}
    for name, value in req.params.items():
        if name not in names:
            raise WrongParameter(name, f"{name}: there is no such parameter; known: {', '.join(names) or 'none'}")
        if isinstance(value, list):
            raise WrongParameter(name, f"{name}: given {len(value)} times; give it once")
        given[name] = value
    for name in names:
        if name not in given:
            raise WrongParameter(name, f"{name}: is missing; give a day such as 2026-11-22")
    return given


def _answer(resp: Response, content: dict[str, Any], *, is_demo: bool) -> None:
    """Write the content as JSON; made-up data says so."""
    resp.content_type = falcon.MEDIA_JSON
    resp.data = msgspec.json.encode({**content, "demo": True} if is_demo else content)


def _etag(warehouse: Warehouse, *more: str) -> str:
    """Name the answers of this snapshot and this version; the URL tells them apart, or what is given `more`."""
    return (
        '"' + "-".join([str(warehouse.snapshot), f"{warehouse.as_of.timestamp() * 1000:.0f}", __version__, *more]) + '"'
    )


def _client_has(req: Request, etag: str) -> bool:
    return any(known == "*" or known.dumps().removeprefix("W/") == etag for known in req.if_none_match or ())
