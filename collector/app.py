"""The collector's HTTP side: pixels in, one transparent GIF out, and a reason for each refusal."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import falcon
from falcon.asgi import App, Request, Response

from collector.clock import Clock, unix_milliseconds, utc_now
from collector.contract import Contract, read_contract
from collector.event_log import EVENTS, REJECTED, EventLog, LogUnavailable
from collector.events import (
    Event,
    EventType,
    InvalidEvent,
    Reason,
    Sender,
    event_from_query,
    readable_user_agent,
    refusal_of,
    to_json,
)
from collector.uuid7 import RANDOM_BYTES, uuid7

logger = logging.getLogger("collector.app")

GIF = bytes.fromhex("47494638396101000100f00000000000ffffff21f90401000000002c00000000010001000002024401003b")
EVENT_TYPES: tuple[EventType, ...] = ("visit", "registration", "deposit")
MALFORMED = "pixels.malformed"
"""Key of the ASGI scope under which the HTTP protocol says why a request line cannot be read; see http_protocol.py."""

RETRY_AFTER_SECONDS = 5
SCRIPT_CACHE_SECONDS = 3600

STATUS_OF_REASON: dict[Reason, str] = {
    "unknown_path": falcon.HTTP_404,
    "method_not_allowed": falcon.HTTP_405,
    "body_not_accepted": falcon.HTTP_415,
}
"""All other reasons are answered 400."""


class PixelRequest(Request):
    """A request whose query string stays bytes: Falcon's own parser forgives what a pixel must not, and fails on Latin-1."""

    def __init__(self, scope: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        self.raw_query: bytes = scope["query_string"]
        super().__init__({**scope, "query_string": b""}, *args, **kwargs)

    def sender(self, contract: Contract) -> Sender:
        """Return the address of the peer and the program it says it is."""
        client = self.scope.get("client")
        header = next((value for name, value in self.scope["headers"] if name == b"user-agent"), None)
        return Sender(client[0] if client else None, readable_user_agent(header, contract))

    def request_line(self) -> bytes:
        """Return method, path and query as they came."""
        path: bytes = self.scope.get("raw_path") or self.path.encode()
        return b" ".join((self.method.encode(), b"?".join((path, self.raw_query)) if self.raw_query else path))


class PixelResource:
    """GET, POST and HEAD on /visit, /registration or /deposit: record one event, answer with the pixel.

    The event is durable before the answer is sent. HEAD answers like GET and stores nothing. A POST carries its
    parameters in the URL and no body: that is what `navigator.sendBeacon(url)` sends.
    """

    def __init__(self, event_type: EventType, log: EventLog, clock: Clock, contract: Contract) -> None:
        self._event_type, self._log, self._clock, self._contract = event_type, log, clock, contract

    async def on_get(self, req: PixelRequest, resp: Response) -> None:
        """Store the event, then answer."""
        event = self._event(req)
        await self._log.append(EVENTS, event.player_id.encode(), to_json(event))
        answer_with_pixel(resp)

    async def on_head(self, req: PixelRequest, resp: Response) -> None:
        """Answer as GET would, without storing anything."""
        self._event(req)
        answer_with_pixel(resp)

    async def on_post(self, req: PixelRequest, resp: Response) -> None:
        """Refuse a body, one that is announced without waiting for it; without one do as GET does."""
        if req.content_length or await req.stream.read(1):
            raise InvalidEvent("body_not_accepted", "parameters belong in the URL; the body must be empty")
        await self.on_get(req, resp)

    async def on_options(self, req: PixelRequest, resp: Response) -> None:
        """Answer a CORS preflight."""
        resp.status = falcon.HTTP_204
        resp.set_headers(
            {
                "Access-Control-Allow-Origin": "*",
                "Access-Control-Allow-Methods": "GET, HEAD, POST",
                "Access-Control-Allow-Headers": "*",
                "Access-Control-Max-Age": "86400",
            }
        )

    def _event(self, req: PixelRequest) -> Event:
        now = self._clock()
        return event_from_query(
            req.raw_query,
            self._event_type,
            req.sender(self._contract),
            event_id=uuid7(unix_milliseconds(now), os.urandom(RANDOM_BYTES)),
            received_at=now,
            contract=self._contract,
        )


class TextResource:
    """GET and HEAD on a fixed text, with an ETag when it may be cached."""

    def __init__(self, text: bytes, content_type: str, *, cache_seconds: int = 0) -> None:
        self._text, self._content_type, self._cache_seconds = text, content_type, cache_seconds
        self._etag = falcon.ETag(sha256(text).hexdigest()[:32])

    async def on_get(self, req: PixelRequest, resp: Response) -> None:
        """Answer with the text, or 304 when the sender has it already."""
        resp.set_headers({"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"})
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


class Refusals:
    """What happens to a request that does not become an event: kept with its reason, then answered.

    A refusal that cannot be kept is answered 503. HEAD stores nothing, refusals included.
    """

    def __init__(self, log: EventLog, clock: Clock, contract: Contract) -> None:
        self._log, self._clock, self._contract = log, clock, contract

    async def refuse(self, req: PixelRequest, resp: Response, refused: InvalidEvent, _: dict[str, Any]) -> None:
        """Keep the refusal and answer with the pixel and the reason."""
        refusal = refusal_of(
            refused,
            req.request_line(),
            req.sender(self._contract),
            received_at=self._clock(),
            contract=self._contract,
        )
        if req.method != "HEAD":
            try:
                await self._log.append(REJECTED, None, to_json(refusal))
            except LogUnavailable as error:
                await log_unavailable(req, resp, error, {})
                return
        answer_with_pixel(resp)
        resp.status = STATUS_OF_REASON.get(refused.reason, falcon.HTTP_400)
        resp.set_headers({"X-Pixels-Rejected": refused.reason, "Access-Control-Expose-Headers": "X-Pixels-Rejected"})
        if refused.reason == "method_not_allowed":
            resp.set_header("Allow", "GET, HEAD, OPTIONS")

    async def unknown_path(self, req: PixelRequest, resp: Response | None, **_: Any) -> None:
        """Refuse what no route takes: other paths, and request lines that the HTTP parser could not read."""
        malformed: InvalidEvent | None = req.scope.get(MALFORMED)
        raise malformed or InvalidEvent("unknown_path", req.path)

    async def method_not_allowed(
        self, req: PixelRequest, resp: Response, error: falcon.HTTPError, params: dict[str, Any]
    ) -> None:
        """Refuse a method that the path does not take, and say which it takes."""
        await self.refuse(req, resp, InvalidEvent("method_not_allowed", req.method), params)
        if error.headers:
            resp.set_headers(error.headers)


class OneSlash:
    """Refuses paths that begin with two slashes: Falcon's router would take `//visit` for `/visit`."""

    async def process_request(self, req: PixelRequest, resp: Response) -> None:
        """Refuse before the request is routed."""
        if req.path.startswith("//"):
            raise InvalidEvent("unknown_path", req.path)


class ClosingLog:
    """Closes the log when the server stops, after the last answer."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    async def process_shutdown(self, scope: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        """Close the log without holding up the event loop, which still wakes the last requests."""
        await asyncio.to_thread(self._log.close)


def answer_with_pixel(resp: Response) -> None:
    """Set the transparent GIF, never cached, readable from any site."""
    resp.data, resp.content_type, resp.cache_control = GIF, falcon.MEDIA_GIF, ["no-store"]
    resp.set_headers({"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"})


async def log_unavailable(req: PixelRequest, resp: Response, error: LogUnavailable, _: dict[str, Any]) -> None:
    """Answer 503: nothing is known to be stored, and the sender should try again."""
    logger.error("collector.not_stored path=%r reason=%s", req.path, error)
    resp.status, resp.content_type = falcon.HTTP_503, falcon.MEDIA_TEXT
    resp.data, resp.cache_control, resp.retry_after = b"not stored; try again\n", ["no-store"], RETRY_AFTER_SECONDS
    resp.set_header("Access-Control-Allow-Origin", "*")


async def unexpected_error(req: PixelRequest, resp: Response, error: Exception, _: dict[str, Any]) -> None:
    """Log a fault of ours and tell the sender nothing but that it is one."""
    logger.error("collector.request_failed method=%s path=%r", req.method, req.path, exc_info=error)
    resp.status, resp.content_type, resp.data = falcon.HTTP_500, falcon.MEDIA_TEXT, b"internal error\n"


def create_app(log: EventLog, clock: Clock = utc_now) -> App[PixelRequest, Response]:
    """Return the ASGI application that appends to `log`, which it closes at shutdown."""
    contract = read_contract()
    refusals = Refusals(log, clock, contract)
    app = App(request_type=PixelRequest, middleware=ClosingLog(log))
    app.add_middleware(OneSlash())
    for event_type in EVENT_TYPES:
        app.add_route(f"/{event_type}", PixelResource(event_type, log, clock, contract))
    script = Path(__file__).with_name("pixels.js").read_bytes()
    app.add_route("/pixels.js", TextResource(script, falcon.MEDIA_JS, cache_seconds=SCRIPT_CACHE_SECONDS))
    app.add_route("/robots.txt", TextResource(b"User-agent: *\nDisallow: /\n", falcon.MEDIA_TEXT))
    app.add_route(
        "/", TextResource(b"Pixels collector: /visit, /registration, /deposit, /pixels.js\n", falcon.MEDIA_TEXT)
    )
    app.add_route("/favicon.ico", NoIcon())
    app.add_sink(refusals.unknown_path, prefix="")
    app.add_error_handler(Exception, unexpected_error)
    app.add_error_handler(LogUnavailable, log_unavailable)
    app.add_error_handler(InvalidEvent, refusals.refuse)
    # Falcon knows the methods of HTTP and WebDAV; any other that the parser lets through is a "bad request" to it.
    app.add_error_handler(falcon.HTTPMethodNotAllowed, refusals.method_not_allowed)
    app.add_error_handler(falcon.HTTPBadRequest, refusals.method_not_allowed)
    return app
