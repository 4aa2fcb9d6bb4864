"""HTTP/1.1 for uvicorn, which also refuses, keeps and counts the requests that its parser cannot read.

The parser (llhttp) stops at a raw control character, a raw byte outside ASCII or a space in the URL, at a method it
does not know, and at headers that are not HTTP. uvicorn then answers 400 by itself and the application never hears of
it. Here the application does, so that such a pixel is a refusal with a reason like any other. What has no request line
is only answered, not kept; on what does not come to its end the collector hangs up.

A connection has one timer, which is moved on rather than made anew for every request.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any, ClassVar, cast
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from collector.answers import SECURITY_HEADERS
from collector.contract import InvalidEvent
from collector.malformed import MAX_HEAD_BYTES, headers_of, malformed_request
from collector.one_write import OneWriteCycle
from collector.request import MALFORMED

NOT_HTTP = (
    "HTTP/1.1 400 Bad Request\r\n"
    + "".join(f"{name}: {value}\r\n" for name, value in SECURITY_HEADERS.items())
    + "content-type: text/plain\r\ncontent-length: 22\r\nconnection: close\r\n\r\nnot an HTTP/1 request\n"
).encode()
"""The answer to what has no request line; uvicorn's own would say what it comes from."""

_END_OF_HEAD = b"\r\n\r\n"
_UPGRADE = re.compile(rb"\r\n[Uu]pgrade:")
_NO_UPGRADE = b"\r\nx-upgrade:"
_VERSIONS = ("1.0", "1.1")
_BODY_PIECE = 16 * 1024
"""So much of a body is parsed at a time; whatever follows it within the same piece cannot be held back."""


class _Trailers(list[tuple[bytes, bytes]]):
    """Where headers go that come after a body: nowhere, since what proxies say and check stands before it."""

    def append(self, trailer: tuple[bytes, bytes]) -> None:
        """Forget it."""


_TRAILERS = _Trailers()


class HeldFlow(FlowControl):
    """uvicorn's flow of a connection; while `held` nothing is read, also where uvicorn would read on."""

    held = False

    def resume_reading(self) -> None:
        """Read on, if nothing that was read waits for its turn."""
        if self.read_paused and not self.held:
            super().resume_reading()


class PixelProtocol(HttpToolsProtocol):
    """uvicorn's protocol; a request it cannot read, or a head without end, goes to the application as a refusal.

    A request must be there `RECEIVE_SECONDS` after its first byte, the first one of a connection as long after the
    connection was made; otherwise the collector hangs up. Between requests uvicorn's limit (`timeout_keep_alive`) holds.
    Requests that are sent before the one before them is answered are neither parsed nor read on: uvicorn would keep all
    that a sender can send, at more than a kilobyte each. As long as for a request the collector waits for a peer who
    does not read his answers.
    """

    RECEIVE_SECONDS: ClassVar[float] = 10.0
    """A pixel fits into a packet or two, and no network needs longer for those; who sends none must not hold a place."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head = b""
        self._reading_head = True
        self._receiving = False
        self._given_up = False
        self._due: float | None = None  # when the collector hangs up, if nothing happens before; loop time
        self._timer: asyncio.TimerHandle | None = None
        self._unread_timer: asyncio.TimerHandle | None = None
        self._later = b""  # what was read and waits until the request before it is answered

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request, but not for ever."""
        super().connection_made(transport)
        self.flow = HeldFlow(transport)
        self._receiving = True
        self._hang_up_in(self.RECEIVE_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer; a body that was under way does not become an event."""
        for timer in (self._timer, self._unread_timer):
            if timer is not None:
                timer.cancel()
        if self._is_answering() and self.cycle.more_body:
            self._break_off_body()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Give the parser one head at a time, and keep that head, at most so many bytes, until the parser has read it."""
        if not self._receiving:
            self._receiving = True
            self._hang_up_in(self.RECEIVE_SECONDS)
        while data and not self._given_up:
            if not self._reading_head:
                part, data = data[:_BODY_PIECE], data[_BODY_PIECE:]
            elif self._is_answering():
                self._hold(data)
                break
            else:
                part, data = self._split(data)
                if b"pgrade:" in part:  # the parser would take the body for one of another protocol
                    part = _UPGRADE.sub(_NO_UPGRADE, part)
            super().data_received(part)
            if self._reading_head and len(self._head) > MAX_HEAD_BYTES:
                self.send_400_response("The request's head is too long.")
        if self._reading_head and not self._head:
            self._receiving = False
            if self._is_answering():
                self._due = None  # what follows the answer has a limit of its own; one given before its body came keeps this one

    def eof_received(self) -> bool:  # type: ignore[override] # uvicorn's returns nothing, and so closes the connection
        """Answer what came, and close then; what did not come to its end gets no answer."""
        if not (self._is_answering() and self._reading_head):
            return False
        self.cycle.keep_alive = False
        return True

    def pause_writing(self) -> None:
        """Give the peer some time to read his answers."""
        super().pause_writing()
        self._unread_timer = self.loop.call_later(self.RECEIVE_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """The peer reads."""
        super().resume_writing()
        if self._unread_timer is not None:
            self._unread_timer.cancel()

    def on_headers_complete(self) -> None:
        """Begin to answer, or queue up behind the answer under way."""
        if len(self._head) > MAX_HEAD_BYTES:
            raise ValueError("the request's head is too long")  # the parser's caller then sends a 400 response
        version, url, scope = self.parser.get_http_version(), httptools.parse_url(self.url), self.scope
        path = url.path.decode("ascii")
        scope["method"] = self.parser.get_method().decode("ascii")
        scope["path"] = unquote(path) if "%" in path else path
        scope["raw_path"] = url.path
        scope["query_string"] = url.query or b""
        # Falcon knows these versions alone; the parser also takes 0.9 and 2.0.
        scope["http_version"] = version if version in _VERSIONS else "1.1"
        self._reading_head, self.headers = False, _TRAILERS
        self.expect_100_continue = self.expect_100_continue and version != "1.0"
        self._begin(scope, keep_alive=version != "1.0" and self.parser.should_keep_alive())

    def on_message_complete(self) -> None:
        """Begin with the next request's head."""
        super().on_message_complete()
        self._reading_head, self._head = True, b""

    def on_response_complete(self) -> None:
        """Answer the next request that waits, or wait for one."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._later:
            self._go_on()
        elif not self._receiving:
            self._hang_up_in(self.timeout_keep_alive)

    def send_400_response(self, msg: str) -> None:
        """Refuse through the application what has a request line, after the answers under way; then hang up."""
        if self._given_up:
            return
        self._given_up = True
        malformed = malformed_request(self._head)
        if self._reading_head and malformed is not None and self.scope is not None:
            self._refuse(*malformed)
        elif self._reading_head and not self._is_answering():
            self.transport.write(NOT_HTTP)
            self.transport.close()
        else:
            self._hang_up()

    def _begin(self, scope: Any, *, keep_alive: bool) -> None:
        """Answer a request whose head was read; uvicorn has no setting for the class that does it."""
        earlier_is_answered = not self._is_answering()
        self.cycle = OneWriteCycle(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=keep_alive,
            on_response=self.on_response_complete,
        )
        self.cycle.message_event.set()  # Falcon looks at no request before it has heard of the body
        if earlier_is_answered:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def _split(self, data: bytes) -> tuple[bytes, bytes]:
        """Return what belongs to the head that is being read, and what follows it."""
        before = len(self._head)
        head = self._head + data if before else data
        end = head.find(_END_OF_HEAD, max(0, before - len(_END_OF_HEAD) + 1))
        self._head = head if end < 0 else head[: end + len(_END_OF_HEAD)]
        taken = len(self._head) - before
        return data[:taken], data[taken:]

    def _hold(self, data: bytes) -> None:
        """Keep what came before its turn, and read no more."""
        self._later += data
        self.flow.pause_reading()
        cast("HeldFlow", self.flow).held = True

    def _go_on(self) -> None:
        """Take what was held back, and read on."""
        data, self._later = self._later, b""
        cast("HeldFlow", self.flow).held = False
        self.flow.resume_reading()
        self.data_received(data)

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _hang_up(self) -> None:
        """Close the connection, after the answers under way."""
        if not self._is_answering():
            self.transport.close()
            return
        self.cycle.keep_alive = False
        if not self._reading_head:
            self._break_off_body()

    def _break_off_body(self) -> None:
        """Tell the application that the body, which it may be waiting for, is broken or does not come."""
        cast("Any", self.cycle.scope)[MALFORMED] = InvalidEvent("bad_body", "the body did not come to its end")
        self.cycle.more_body = False
        self.cycle.message_event.set()

    def _hang_up_in(self, seconds: float) -> None:
        """Move the end of waiting; the timer looks at it when it fires, and only a nearer end needs a new timer."""
        self._due = due = self.loop.time() + seconds
        if self._timer is None or self._timer.when() > due:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self.loop.call_at(due, self._look_at_the_time)

    def _look_at_the_time(self) -> None:
        self._timer = None
        if self._due is None:
            return
        if (left := self._due - self.loop.time()) > 0:
            self._hang_up_in(left)
        elif not self._given_up:
            self._given_up = True
            self._hang_up()

    def _refuse(self, method: str, target: bytes, fault: InvalidEvent) -> None:
        # No route begins with "*", so the request goes where unknown paths go.
        scope = {**self.scope, "method": method, "path": "*", "raw_path": target, "query_string": b"", MALFORMED: fault}
        scope["headers"] = headers_of(self._head)  # who sent it, and whether a visitor wishes that nothing is kept
        self.expect_100_continue = False
        self._begin(scope, keep_alive=False)
        self.cycle.more_body = False
