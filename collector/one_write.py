"""One answer, one write: uvicorn writes an answer's head and body apart, and joins and checks the head anew every time.

The collector's answers are few and alike, so their heads are joined once and remembered, and a pixel costs one system
call less.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent

Header = tuple[bytes, bytes]
Headers = tuple[Header, ...]

_MOST_HEADS = 512
_OF_THE_CONNECTION = {b"connection", b"transfer-encoding"}
_NOT_IN_A_HEADER = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


class Heads:
    """The heads of answers as bytes. uvicorn's own headers (the date) change once a second; then all are forgotten."""

    def __init__(self) -> None:
        self._joined: dict[tuple[int, bool, Headers], bytes | None] = {}
        self._own: object = None

    def head(self, status: int, own: list[Header], headers: Headers, *, keep_alive: bool) -> bytes | None:
        """Return status line and headers, `own` first, up to the empty line; None when the answer is no ordinary one."""
        if self._own is not own or len(self._joined) > _MOST_HEADS:
            self._joined, self._own = {}, own
        key = (status, keep_alive, headers)
        try:
            return self._joined[key]
        except KeyError:
            self._joined[key] = head = _join(status, (*own, *headers), keep_alive=keep_alive)
            return head


def _join(status: int, headers: Headers, *, keep_alive: bool) -> bytes | None:
    """Join a head that tells the body's length and says nothing else of how it is sent; for another return None."""
    lines = {name.lower(): value for name, value in headers}
    if len(lines) < len(headers) or b"content-length" not in lines or not lines.keys().isdisjoint(_OF_THE_CONNECTION):
        return None
    if any(_NOT_IN_A_HEADER.search(name + value) for name, value in lines.items()):
        return None  # uvicorn says what is wrong with it
    parts = [STATUS_LINE[status], *(b"%b: %b\r\n" % line for line in lines.items())]
    return b"".join([*parts, b"" if keep_alive else b"connection: close\r\n", b"\r\n"])


class OneWriteCycle(RequestResponseCycle):
    """uvicorn's way through one request; an answer whose length is told, and that comes in one piece, is one write."""

    heads = Heads()  # of this process
    _start: dict[str, Any] | None = None

    async def send(self, message: ASGISendEvent) -> None:
        """Keep a head back until its body is there; leave answers that are not ordinary to uvicorn."""
        if self.response_started:
            await super().send(message)
        elif message["type"] == "http.response.start":
            self._start = cast("dict[str, Any]", message)
        elif self._start is not None:
            await self._send_both(self._start, cast("dict[str, Any]", message))

    async def _send_both(self, start: dict[str, Any], body: dict[str, Any]) -> None:
        if self.flow.write_paused:  # the peer does not read; its answers must not pile up
            await self.flow.drain()
        headers, keep_alive = tuple(start["headers"]), self.keep_alive
        head = self.heads.head(start["status"], self.default_headers, headers, keep_alive=keep_alive)
        if head is None or body.get("more_body") or self.scope["method"] == "HEAD":
            await super().send(cast("ASGISendEvent", start))
            await super().send(cast("ASGISendEvent", body))
        elif not self.disconnected:
            self.response_started = self.response_complete = True
            self.transport.write(head + body.get("body", b""))
            self.message_event.set()
            if not keep_alive:
                self.transport.close()
            self.on_response()
