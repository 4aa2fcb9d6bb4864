"""The API told to machines, `/api/openapi.json`, and a page to try it, `/api/docs`. Both are open to everybody."""

from __future__ import annotations

from pathlib import Path

import falcon
import falcon.asgi
import msgspec

from metrics_api.openapi import openapi_document
from metrics_api.parameters import read_parameters

Request = falcon.asgi.Request
Response = falcon.asgi.Response

PAGE = {
    "/api/docs": ("docs.html", "text/html; charset=utf-8"),
    "/api/docs.css": ("docs.css", "text/css; charset=utf-8"),
    "/api/docs.js": ("docs.js", "text/javascript; charset=utf-8"),
}
"""The files of the page; it needs nothing of another machine."""
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class OpenApiResource:
    """GET /api/openapi.json."""

    def __init__(self, *, with_keys: bool) -> None:
        self._document = msgspec.json.encode(openapi_document(with_keys=with_keys))

    async def on_get(self, req: Request, resp: Response) -> None:
        """Answer with the description of this version."""
        read_parameters((), req, {})
        resp.content_type, resp.data, resp.cache_control = falcon.MEDIA_JSON, self._document, ["no-cache"]

    on_head = on_get


class PageResource:
    """GET on one file of the page."""

    def __init__(self, name: str, content_type: str) -> None:
        self._content_type = content_type
        self._content = (Path(__file__).parent / "page" / name).read_bytes()

    async def on_get(self, req: Request, resp: Response) -> None:
        """Answer with the file, which may run its own script and nothing else."""
        read_parameters((), req, {})
        resp.content_type, resp.data, resp.cache_control = self._content_type, self._content, ["no-cache"]
        resp.set_headers(
            {
                "Content-Security-Policy": _POLICY,
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
                "Cross-Origin-Opener-Policy": "same-origin",
            }
        )

    on_head = on_get


def add_description(app: falcon.asgi.App[Request, Response], *, with_keys: bool) -> None:
    """Add the description and the page to an application."""
    app.add_route("/api/openapi.json", OpenApiResource(with_keys=with_keys))
    for path, (name, content_type) in PAGE.items():
        app.add_route(path, PageResource(name, content_type))
