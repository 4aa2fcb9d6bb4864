"""HTTP/1.1 for uvicorn, which also refuses, keeps and counts the requests that its parser cannot read.

The parser (llhttp) stops at a raw control character, a raw byte outside ASCII or a space in the URL, at a method it
does not know, and at headers that are not HTTP. uvicorn then answers 400 by itself and the application never hears of
it. Here the application does, so that such a pixel is a refusal with a reason like any other. What has no request line
is only answered, not kept; on what does not come to its end the collector hangs up.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any, ClassVar, cast

import falcon
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from collector.app import MALFORMED
from collector.events import InvalidEvent

MAX_HEAD_BYTES = 64 * 1024
"""Request line and headers together; a browser sends 1 to 2 KiB."""

_END_OF_HEAD = b"\r\n\r\n"
_REQUEST_LINE = re.compile(rb"([A-Za-z-]{1,20}) ([^\n]+?)(?: HTTP/\d\.\d)?(?:\r?\n|\Z)")
_CONTROL_CHARACTER = re.compile(rb"[\x00-\x1f\x7f]")
_NOT_IN_A_HEADER = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NOT_IN_A_URL = re.compile(rb"[^\x21-\x7e]")
_VERSIONS = ("1.0", "1.1")


def malformed_request(head: bytes) -> tuple[str, bytes, InvalidEvent] | None:
    """Return method, target and fault of a request whose head was not read; None when it has no request line."""
    line = _REQUEST_LINE.match(head.lstrip(b"\r\n"))
    if line is None:
        return None
    method, target = line[1].decode("ascii"), line[2]
    return method, target, _fault(head, method, target)


def _fault(head: bytes, method: str, target: bytes) -> InvalidEvent:
    if len(head) > MAX_HEAD_BYTES:
        return InvalidEvent("too_long", f"request line and headers exceed {MAX_HEAD_BYTES} bytes")
    if _CONTROL_CHARACTER.search(target):
        return InvalidEvent("control_characters", "raw control characters in the request line")
    if _NOT_IN_A_URL.search(target):
        return InvalidEvent("bad_encoding", "the URL holds a space or bytes outside ASCII; encode them")
    if method not in falcon.COMBINED_METHODS:
        return InvalidEvent("method_not_allowed", method)
    if _NOT_IN_A_HEADER.search(head):
        return InvalidEvent("control_characters", "raw control characters in the headers")
    return InvalidEvent("bad_encoding", "the URL or a header is not what HTTP allows")


class PixelProtocol(HttpToolsProtocol):
    """uvicorn's protocol; a request it cannot read, or a head without end, goes to the application as a refusal.

    A request must be there `RECEIVE_SECONDS` after its first byte, the first one of a connection as long after the
    connection was made; otherwise the collector hangs up. Between requests uvicorn's own limit holds.
    """

    RECEIVE_SECONDS: ClassVar[float] = 10.0
    """A pixel fits into a packet or two, and no network needs longer for those; who sends none must not hold a place."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head = b""
        self._reading_head = True
        self._given_up = False
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request, but not for ever."""
        super().connection_made(transport)
        self._set_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._clear_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Give the parser one head at a time, and keep that head, at most so many bytes, until the parser has read it."""
        self._set_deadline()
        while data and not self._given_up:
            part, data = self._split(data) if self._reading_head else (data, b"")
            super().data_received(part)
            if self._reading_head and len(self._head) > MAX_HEAD_BYTES:
                self.send_400_response("The request's head is too long.")
        if self._reading_head and not self._head and self._is_answering():
            self._clear_deadline()  # the answer sets uvicorn's limit; one given before its body came has set none

    def on_headers_complete(self) -> None:
        """Let the application see only versions that Falcon knows; the parser also takes 0.9 and 2.0."""
        if len(self._head) > MAX_HEAD_BYTES:
            raise ValueError("the request's head is too long")  # the parser's caller then sends a 400 response
        super().on_headers_complete()
        self._reading_head = False
        if self.scope["http_version"] not in _VERSIONS:
            self.scope["http_version"] = "1.1"
        self.cycle.message_event.set()  # Falcon looks at no request before it has heard of the body

    def on_message_complete(self) -> None:
        """Begin with the next request's head."""
        super().on_message_complete()
        self._reading_head, self._head = True, b""

    def send_400_response(self, msg: str) -> None:
        """Refuse through the application what has a request line, after the answers under way; then hang up."""
        if self._given_up:
            return
        self._given_up = True
        malformed = malformed_request(self._head)
        if self._reading_head and malformed is not None and self.scope is not None:
            self._refuse(*malformed)
        elif self._reading_head and not self._is_answering():
            super().send_400_response(msg)
        else:
            self._hang_up()

    def _split(self, data: bytes) -> tuple[bytes, bytes]:
        """Return what belongs to the head that is being read, and what follows it."""
        before = len(self._head)
        end = (self._head + data).find(_END_OF_HEAD, max(0, before - len(_END_OF_HEAD) + 1))
        part = data if end < 0 else data[: end + len(_END_OF_HEAD) - before]
        self._head += part
        return part, data[len(part) :]

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _hang_up(self) -> None:
        """Close the connection, after the answers under way."""
        if not self._is_answering():
            self.transport.close()
            return
        self.cycle.keep_alive = False
        if not self._reading_head:
            self.cycle.body += b"?"  # the body is broken or does not come; one was announced, so it is refused as one
            self.cycle.more_body = False
            self.cycle.message_event.set()

    def _set_deadline(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.RECEIVE_SECONDS, self._give_up)

    def _clear_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        """Hang up on a request that did not come in time."""
        if not self._given_up:
            self._given_up = True
            self._hang_up()

    def _refuse(self, method: str, target: bytes, fault: InvalidEvent) -> None:
        # No route begins with "*", so the request goes where unknown paths go.
        scope = {**self.scope, "method": method, "path": "*", "raw_path": target, "query_string": b"", MALFORMED: fault}
        earlier_is_answered = not self._is_answering()
        self.cycle = RequestResponseCycle(
            scope=cast("Any", scope),
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=False,
            on_response=self.on_response_complete,
        )
        self.cycle.more_body = False
        self.cycle.message_event.set()
        if earlier_is_answered:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.pipeline.appendleft((self.cycle, self.app))
