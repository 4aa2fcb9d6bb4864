"""The API's server with one resource that does nothing: `python -m benchmarks.read.bare_server PORT`.

It answers 304 when the request has an If-None-Match, else 200 with 2 kB of JSON that is made beforehand.
"""

from __future__ import annotations

import sys

import falcon
import falcon.asgi
import uvicorn

_ROWS = b"[" + b",".join([b'{"event_date":"2026-11-01","event_type":"visit","count":12345}'] * 32) + b"]"


class Nothing:
    """GET /: the same bytes each time."""

    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Answer at once."""
        if req.get_header("If-None-Match"):
            resp.status = falcon.HTTP_304
            return
        resp.content_type, resp.data = falcon.MEDIA_JSON, _ROWS


if __name__ == "__main__":
    app: falcon.asgi.App[falcon.asgi.Request, falcon.asgi.Response] = falcon.asgi.App()
    app.add_route("/", Nothing())
    uvicorn.run(app, port=int(sys.argv[1]), lifespan="off", log_level="warning", access_log=False)
