"""HTTP/1.1 for uvicorn, which also refuses, keeps and counts the request lines that its parser cannot read.

The parser (llhttp) stops at a raw control character, a raw byte outside ASCII or a space in the URL, and at a method
it does not know. uvicorn then answers 400 by itself and the application never hears of it. Here the application does,
so that such a pixel is a refusal with a reason like any other. What is not HTTP at all is only answered, not kept.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any, cast

import falcon
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from collector.app import MALFORMED
from collector.events import InvalidEvent

MAX_HEAD_BYTES = 64 * 1024
"""Request line and headers together; a browser sends 1 to 2 KiB."""

_REQUEST_LINE = re.compile(rb"([A-Za-z-]{1,20}) ([^\n]+?)(?: HTTP/\d\.\d)?(?:\r?\n|\Z)")
_CONTROL_CHARACTER = re.compile(rb"[\x00-\x1f\x7f]")
_NOT_IN_A_URL = re.compile(rb"[^\x21-\x7e]")
_VERSIONS = ("1.0", "1.1")


def malformed_request(head: bytes) -> tuple[str, bytes, InvalidEvent] | None:
    """Return method, target and fault of a request line that was not read; None when the line is not at fault."""
    line = _REQUEST_LINE.match(head)
    if line is None:
        return None
    method, target = line[1].decode("ascii"), line[2]
    if len(head) > MAX_HEAD_BYTES:
        return method, target, InvalidEvent("too_long", f"request line and headers exceed {MAX_HEAD_BYTES} bytes")
    if _CONTROL_CHARACTER.search(target):
        return method, target, InvalidEvent("control_characters", "raw control characters in the request line")
    if _NOT_IN_A_URL.search(target):
        return method, target, InvalidEvent("bad_encoding", "the URL holds a space or bytes outside ASCII; encode them")
    if method not in falcon.COMBINED_METHODS:
        return method, target, InvalidEvent("method_not_allowed", method)
    return None


class PixelProtocol(HttpToolsProtocol):
    """uvicorn's protocol; a request line it cannot read, or a head without end, goes to the application as a refusal."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head = b""
        self._reading_head = True
        self._given_up = False

    def data_received(self, data: bytes) -> None:
        """Keep the bytes of a request's head until the parser has read it, at most so many."""
        if self._given_up:
            return
        if self._reading_head:
            self._head += data
        super().data_received(data)
        if self._reading_head and len(self._head) > MAX_HEAD_BYTES:
            self.send_400_response("The request's head is too long.")

    def on_headers_complete(self) -> None:
        """Let the application see only versions that Falcon knows; the parser also takes 0.9 and 2.0."""
        super().on_headers_complete()
        self._reading_head = False
        if self.scope["http_version"] not in _VERSIONS:
            self.scope["http_version"] = "1.1"

    def on_message_complete(self) -> None:
        """Begin with the next request's head."""
        super().on_message_complete()
        self._reading_head, self._head = True, b""

    def send_400_response(self, msg: str) -> None:
        """Refuse through the application when the request line is at fault, else as uvicorn does; then hang up."""
        if self._given_up:
            return
        self._given_up = True
        malformed = malformed_request(self._head)
        answering = self.cycle is not None and not self.cycle.response_complete
        if malformed is None or answering or self.scope is None:
            super().send_400_response(msg)
        else:
            self._refuse(*malformed)

    def _refuse(self, method: str, target: bytes, fault: InvalidEvent) -> None:
        # No route begins with "*", so the request goes where unknown paths go.
        scope = {**self.scope, "method": method, "path": "*", "raw_path": target, "query_string": b"", MALFORMED: fault}
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
        self._start_asgi_task(self.cycle, self.app)
