"""What the collector answers besides pixels: fixed texts, and nothing where browsers ask for an icon."""

from __future__ import annotations

from hashlib import sha256

import falcon
from falcon.asgi import Response

from collector.request import PixelRequest


class TextResource:
    """GET and HEAD on a fixed text, with an ETag when it may be cached."""

    def __init__(self, text: bytes, content_type: str, *, cache_seconds: int = 0) -> None:
        self._text, self._content_type, self._cache_seconds = text, content_type, cache_seconds
        self._etag = falcon.ETag(sha256(text).hexdigest()[:32])

    async def on_get(self, req: PixelRequest, resp: Response) -> None:
        """Answer with the text, or 304 when the sender has it already."""
        resp.set_header("Access-Control-Allow-Origin", "*")
        if self._cache_seconds:
            resp.cache_control = ["public", f"max-age={self._cache_seconds}"]
            resp.etag = self._etag
            known = req.if_none_match or []
            if "*" in known or self._etag in known:
                resp.status = falcon.HTTP_304
                return
        resp.data, resp.content_type = self._text, self._content_type

    on_head = on_get


class NoIcon:
    """Browsers ask for /favicon.ico by themselves; there is none, and that is no refusal."""

    async def on_get(self, req: PixelRequest, resp: Response) -> None:
        """Answer that there is nothing."""
        resp.status = falcon.HTTP_204

    on_head = on_get
