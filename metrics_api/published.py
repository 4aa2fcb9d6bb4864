"""What is published, and whether anything is: `/api/snapshot` and `/api/health`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import falcon
import falcon.asgi
import msgspec

from metrics_api.analyst_copy import AnalystCopies, file_stamp
from metrics_api.caching import client_has, etag_of_file
from metrics_api.current_warehouse import CurrentWarehouse
from metrics_api.paging import HeldSnapshots
from metrics_api.parameters import read_parameters
from pixels.config import ApiScope
from pixels.pointer import MEDIA_DUCKDB, LastCheck, utc_text

Request = falcon.asgi.Request
Response = falcon.asgi.Response


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
        read_parameters((), req, {})
        warehouse = await asyncio.to_thread(self._current)
        wants_file = req.client_prefers([falcon.MEDIA_JSON, MEDIA_DUCKDB]) == MEDIA_DUCKDB
        resp.cache_control, resp.vary = ["no-cache"], ["Accept", "Authorization"]
        if not wants_file:
            resp.content_type, resp.data = falcon.MEDIA_JSON, msgspec.json.encode(warehouse.status())
            resp.cache_control = ["no-store"]
            return
        resp.etag = etag_of_file(warehouse, await asyncio.to_thread(file_stamp, warehouse.file))
        if client_has(req, resp.etag):
            resp.status = falcon.HTTP_NOT_MODIFIED
            return
        copy = await asyncio.to_thread(self._copies.of, warehouse, resp.etag)
        resp.content_type = MEDIA_DUCKDB
        resp.set_stream(_in_threads(copy.pieces()), copy.size)


async def _in_threads(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(next, pieces, b""):
        yield piece


class HealthResource:
    """GET /api/health: which snapshot is served and how complete it is; 503 while nothing is published.

    It is what is asked when nothing else is, so it lets go of snapshots that were held for pages.
    """

    def __init__(self, current: CurrentWarehouse, held: HeldSnapshots) -> None:
        self._current, self._held = current, held

    async def on_get(self, req: Request, resp: Response) -> None:
        """Answer with the newest pointer; made-up data says so."""
        read_parameters((), req, {})
        self._held.let_go()
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
        resp.content_type = falcon.MEDIA_JSON
        resp.data = msgspec.json.encode({**content, "demo": True} if newest.is_demo else content)

    on_head = on_get


def _check(check: LastCheck) -> dict[str, Any]:
    return {
        "checked_at": utc_text(check.checked_at),
        "snapshot": check.snapshot,
        "equal": check.equal,
        "differences": check.differences,
    }
