"""What the headers of an answer say of the snapshot behind it, and whether the client has that answer already."""

from __future__ import annotations

import falcon.asgi

from pixels import Warehouse, __version__
from pixels.pointer import utc_text


def describe(resp: falcon.asgi.Response, warehouse: Warehouse, etag: str) -> None:
    """Say in the headers which snapshot is answered with: not every form of an answer has room for it."""
    resp.etag, resp.cache_control, resp.vary = etag, ["no-cache"], ["Accept", "Authorization"]
    resp.set_headers(
        {
            "X-Pixels-Snapshot": str(warehouse.snapshot),
            "X-Pixels-As-Of": utc_text(warehouse.as_of),
            "X-Pixels-Complete-Until": utc_text(warehouse.complete_until),
            "X-Pixels-Time-Zone": warehouse.time_zone,
        }
    )
    if warehouse.is_demo:
        resp.set_header("X-Pixels-Demo", "true")


def client_has(req: falcon.asgi.Request, etag: str) -> bool:
    """Whether the client says that it has the answer of this ETag."""
    return any(known == "*" or known.dumps().removeprefix("W/") == etag for known in req.if_none_match or ())


def etag_of_file(warehouse: Warehouse, stamp: str) -> str:
    """Name the file of a snapshot for this version of Pixels."""
    return f'"{warehouse.snapshot}-{warehouse.as_of.timestamp() * 1000:.0f}-{__version__}-{stamp}"'
