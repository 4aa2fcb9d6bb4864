"""Which sites' scripts may read answers, where PIXELS_CORS_ORIGINS does not let all of them."""

from __future__ import annotations

from falcon.asgi import Response

from collector.request import PixelRequest

_HEADERS = (
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
    "Access-Control-Max-Age",
    "Access-Control-Expose-Headers",
)


class ListedOrigins:
    """Middleware that lets only the listed origins read answers; without it all may, as the answers themselves say."""

    def __init__(self, origins: frozenset[str]) -> None:
        self._origins = origins

    async def process_response(
        self,
        req: PixelRequest,
        resp: Response,
        resource: object,
        req_succeeded: bool,
    ) -> None:
        """Name the sender's origin in place of all, or leave out what only concerns scripts of other sites."""
        resp.append_header("Vary", "Origin")
        origin = (req.header(b"origin") or b"").decode("latin-1")
        if origin in self._origins:
            resp.set_header("Access-Control-Allow-Origin", origin)
            return
        for header in _HEADERS:
            resp.delete_header(header)
